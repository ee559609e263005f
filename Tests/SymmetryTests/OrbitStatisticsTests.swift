import Autodiff
import DoubleNumerics
import Testing

@testable import Symmetry

@Suite struct OrbitStatisticsTests {
  /// Probabilities of a model of three classes, for images and all elements of D4.
  private func orbits(_ images: Int) -> [[[Double]]] {
    var random = Random(seed: 11)
    return (0..<images).map { _ in
      (0..<8).map { _ in
        let powers = (0..<3).map { _ in Double.random(in: 0.05...1, using: &random) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
      }
    }
  }

  private func report(
    _ symmetry: ImageSymmetry, _ parts: [ImageSymmetry], _ orbits: [[[Double]]], _ labels: [Int?]
  ) -> SymmetryReport {
    var statistics = OrbitStatistics(symmetry, subgroups: parts)
    for (orbit, label) in zip(orbits, labels) { statistics.add(orbit, label: label) }
    return SymmetryReport(statistics, parts) { "class \($0)" }
  }

  @Test func twoImagesByHand() throws {
    let flips = [[[0.8, 0.2], [0.4, 0.6]], [[0.7, 0.3], [0.1, 0.9]]]
    let report = report(.horizontalFlip, [.horizontalFlip], flips, [0, 1])
    let group = try #require(report.groups.first)
    // Averages (0.6, 0.4) and (0.4, 0.6).
    #expect(abs(group.gain - (2 * 0.04 + 2 * 0.09) / 2) < 1e-15)
    #expect(abs(group.share - 0.13 / ((0.68 + 0.58) / 2)) < 1e-15)
    #expect(group.agreement == 0.5)
    #expect(group.passes == 2 && group.name == "hflip" && report.images == 2)
    let labelled = try #require(group.labelled)
    #expect(abs(labelled.risk - (0.08 + 0.98) / 2) < 1e-15)
    #expect(abs(labelled.averagedRisk - (0.32 + 0.32) / 2) < 1e-15)
    #expect(abs(labelled.realisedGain - 0.21) < 1e-15)
    #expect(abs(labelled.bias - (0.21 - 0.13)) < 1e-15)
    #expect(labelled.accuracy == 50 && labelled.averagedAccuracy == 100)
    // Over both images of each orbit.
    #expect(abs(labelled.orbit.risk - (0.08 + 0.72 + 0.98 + 0.02) / 4) < 1e-15)
    #expect(group.classes.map(\.name) == ["class 0", "class 1"])
    #expect(group.classes.map(\.images) == [1, 1])
  }

  /// R(f) − R(Qf) = E‖f − Qf‖² over whole orbits, to rounding, for every subgroup.
  @Test func theIdentityOnOrbits() throws {
    let all = ImageSymmetry.subgroupsOfD4.filter { $0.elements.count > 1 }
    let report = report(.d4, all, orbits(200), (0..<200).map { $0 % 3 })
    #expect(report.groups.count == 9)
    for group in report.groups {
      let orbit = try #require(group.labelled?.orbit)
      #expect(orbit.gain > 0.01 && orbit.identityError < 1e-12, "\(group.name)")
      #expect(abs(orbit.risk - orbit.averagedRisk - orbit.gain) < 1e-12)
    }
    // The larger the group, the more goes.
    func gain(_ name: String) -> Double {
      report.groups.first { $0.name == name }?.labelled?.orbit.gain ?? 0
    }
    #expect(gain("d4") > gain("c4") && gain("c4") > gain("c2") && gain("flips") > gain("hflip"))
  }

  /// A subgroup's numbers do not depend on the group beside it.
  @Test func aSubgroupAlone() throws {
    let all = orbits(50)
    let labels = (0..<50).map { $0 % 3 }
    let inside = report(.d4, [.c4], all, labels).groups[0]
    let c4 = all.map { orbit in ImageSymmetry.c4.elements.map { orbit[$0] } }
    let alone = report(.c4, [.c4], c4, labels).groups[0]
    #expect(inside.gain == alone.gain && inside.agreement == alone.agreement)
    #expect(inside.labelled?.realisedGain == alone.labelled?.realisedGain)
    #expect(inside.labelled?.orbit.gain != alone.labelled?.orbit.gain)
  }

  /// Averaged probabilities are never worse than the orbit's mean loss (Jensen).
  @Test func aMeanIsNoWorseThanItsParts() throws {
    let report = report(.d4, [.d4], orbits(100), (0..<100).map { $0 % 3 })
    let labelled = try #require(report.groups[0].labelled)
    #expect(labelled.averagedLoss < labelled.loss)
    #expect(labelled.averagedRisk < labelled.risk)
  }

  @Test func withoutLabels() {
    let all = orbits(60)
    let report = report(.d4, [.c4, .d4], all, all.map { _ in nil })
    #expect(report.groups.allSatisfy { $0.labelled == nil && $0.gain > 0 })
    #expect(report.groups[0].classes.allSatisfy { $0.realisedGain == nil })
    #expect(report.groups[0].classes.reduce(0) { $0 + $1.images } == 60)
    // What an invariant model gains.
    let flat = all.map { orbit in orbit.map { _ in orbit[0] } }
    let none = self.report(.d4, [.d4], flat, flat.map { _ in nil }).groups[0]
    #expect(none.gain < 1e-30 && none.agreement == 1)
  }

  @Test func standardErrorsAreThoseOfStatistics() throws {
    let all = orbits(30)
    let group = report(.d4, [.d4], all, all.map { _ in 1 }).groups[0]
    let gains = all.map { orbit in
      (0..<3).reduce(0) { sum, k in
        let apart = orbit[0][k] - orbit.reduce(0) { $0 + $1[k] } / 8
        return sum + apart * apart
      }
    }
    let error = try #require(Statistics.standardError(gains))
    #expect(abs(try #require(group.gainError) - error) < 1e-12)
    #expect(try #require(group.labelled?.realisedError) > 0)
  }

  /// One image has no spread: no number, instead of 0.
  @Test func oneImage() throws {
    let group = report(.d4, [.d4], orbits(1), [1]).groups[0]
    #expect(group.gain > 0 && group.gainError == nil)
    let labelled = try #require(group.labelled)
    #expect(labelled.realisedError == nil)
  }
}
