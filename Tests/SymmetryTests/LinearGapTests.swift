import Autodiff
import Foundation
import Testing

@testable import Symmetry

/// Closed forms against Monte Carlo. `make symmetry` has more groups, and more draws.
@Suite struct LinearGapTests {
  static let (sigma, noise) = (1.3, 0.7)

  /// The ratio of the estimate to the closed form.
  private func ratio(_ gap: LinearGap, _ n: Int, draws: Int) -> Double {
    var random = Random(seed: 1)
    let target = gap.drawTarget(&random)
    let estimate = gap.estimate(
      examples: n, target: target, sigma: Self.sigma, noise: Self.noise, draws: draws, seed: 1,
      on: WorkerPool(threads: 2))
    let form = gap.closedForm(target: target)
    return estimate.mean / form(examples: n, sigma: Self.sigma, noise: Self.noise)
  }

  @Test func shiftsOfEightCoordinates() {
    let gap = LinearGap(invariantUnder: .regular(.cyclic(8)))
    #expect(abs(ratio(gap, 32, draws: 4000) - 1) < 0.03)
  }

  /// Neither regular nor symmetric: turns of the plane and signs, to themselves.
  @Test(arguments: [2, 16]) func turnsOfThePlane(n: Int) throws {
    let turns = try RepresentationTests.turns()
    let gap = try LinearGap(from: turns.directSum(turns), to: turns)
    #expect(gap.inputs == 6 && gap.outputs == 3)
    #expect(abs(ratio(gap, n, draws: 3000) - 1) < 0.04)
  }

  /// Turns and mirror images of 4 × 4 pixels, to those of 2 × 2.
  @Test(arguments: [8, 40]) func imagesToSmallerOnes(n: Int) throws {
    let gap = try LinearGap(
      from: Representation(of: .d4, height: 4, width: 4),
      to: Representation(of: .d4, height: 2, width: 2))
    #expect(abs(gap.projection.dimension - 10) < 1e-9)
    #expect(gap.freeDimensions == 54)
    #expect(abs(ratio(gap, n, draws: 2000) - 1) < 0.04)
  }

  @Test func closedFormsByHand() throws {
    let target = [Double](repeating: 0.5, count: 4)  // of norm 1, and invariant
    let gap = LinearGap(invariantUnder: .regular(.cyclic(4)))
    func value(_ n: Int, _ sigma: Double, _ noise: Double) -> Double {
      gap.closedForm(target: target)(examples: n, sigma: sigma, noise: noise)
    }
    // dim A = 3: τ² · 3 / (n − 5), and s² · 3 · 2 · 2 / (4 · 3 · 6) + τ² · 3 · 2 / (4 · 1).
    #expect(abs(value(8, 1, 2) - 4) < 1e-12)
    #expect(abs(value(2, 2, 0) - 4.0 * 12 / 72) < 1e-12)
    #expect(abs(value(2, 1e-9, 1) - 1.5) < 1e-12)
    for n in 3...5 { #expect(value(n, 1, 1) == .infinity) }
    // Without noise d examples are the target: s² · 3 · 3 · 1 / (4 · 3 · 6) of one less.
    #expect(abs(value(3, 2, 0) - 4.0 * 9 / 72) < 1e-12)
    for n in 4...9 { #expect(value(n, 1, 0) == 0) }
    // The invariant gap is the equivariant one to a trivial representation.
    let same = try LinearGap(from: .regular(.cyclic(4)), to: .trivial(.cyclic(4)))
    let form = same.closedForm(target: target)
    #expect(form(examples: 2, sigma: 1.5, noise: 0.5) == value(2, 1.5, 0.5))
    // Nothing to gain without a group.
    let none = LinearGap(invariantUnder: .trivial(.cyclic(1), dimension: 4))
    for n in 2...9 {
      #expect(none.closedForm(target: target)(examples: n, sigma: 1, noise: 1) == 0)
    }
  }

  @Test func withoutNoise() {
    let gap = LinearGap(invariantUnder: .regular(.cyclic(6)))
    var random = Random(seed: 2)
    let target = gap.drawTarget(&random)
    func estimate(_ n: Int) -> Double {
      gap.estimate(
        examples: n, target: target, sigma: Self.sigma, noise: 0, draws: 2000, seed: 1,
        on: WorkerPool(threads: 2)
      ).mean
    }
    let form = gap.closedForm(target: target)
    for n in 3...5 {
      let closed = form(examples: n, sigma: Self.sigma, noise: 0)
      #expect(abs(estimate(n) / closed - 1) < 0.04)
    }
    for n in 6...7 { #expect(abs(estimate(n)) < 1e-9) }
  }

  /// Within 3 of n = d the square of the noise's part has no mean.
  @Test func errorsWithoutAVariance() {
    let gap = LinearGap(invariantUnder: .regular(.cyclic(8)))
    var random = Random(seed: 2)
    let target = gap.drawTarget(&random)
    func error(_ n: Int, noise: Double) -> Double {
      gap.estimate(
        examples: n, target: target, sigma: 1, noise: noise, draws: 3, seed: 1,
        on: WorkerPool(threads: 1)
      ).error
    }
    for n in 5...11 { #expect(error(n, noise: 1) == .infinity && error(n, noise: 0) < 1) }
    for n in [4, 12] { #expect(error(n, noise: 1).isFinite) }
  }

  /// Signs: no map but 0 goes from what changes to what does not.
  @Test func noMapsThatCommute() throws {
    let signs = try Representation(.cyclic(2), matrices: [[1], [-1]])
    let gap = LinearGap(invariantUnder: try signs.directSum(signs))
    var random = Random(seed: 2)
    #expect(gap.drawTarget(&random) == [0, 0] && gap.freeDimensions == 2)
    let form = gap.closedForm(target: [0, 0])
    #expect(form(examples: 1, sigma: 1, noise: 0) == 0)
    #expect(abs(form(examples: 7, sigma: 1, noise: 1) - 0.5) < 1e-12)
  }

  @Test func estimatesDoNotDependOnThreads() {
    let gap = LinearGap(invariantUnder: .regular(.cyclic(5)))
    var random = Random(seed: 3)
    let target = gap.drawTarget(&random)
    let estimates = [1, 3].map { threads in
      gap.estimate(
        examples: 12, target: target, sigma: 1, noise: 1, draws: 50, seed: 9,
        on: WorkerPool(threads: threads))
    }
    #expect(estimates[0] == estimates[1] && estimates[0].error > 0)
    #expect(abs(target.reduce(0) { $0 + $1 * $1 } - 1) < 1e-12)
    #expect(target.allSatisfy { abs($0 - target[0]) < 1e-12 })
  }

  @Test func differentGroups() {
    #expect(throws: SymmetryError.self) {
      try LinearGap(from: .regular(.cyclic(4)), to: .regular(.dihedral(2)))
    }
  }
}
