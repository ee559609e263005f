import Autodiff
import Testing

@testable import Symmetry

/// A programmer's mistake ends the process with what was found.
@Suite struct MisuseTests {
  struct Mistake: Sendable {
    let message: String
    let make: @Sendable () -> Void
  }

  static let mistakes: [Mistake] = [
    .init(message: "there is no element 5 among the 4") { _ = FiniteGroup.cyclic(4).product(0, 5) },
    .init(message: "there is no element -1") { _ = FiniteGroup.cyclic(4).product(-1, 0) },
    .init(message: "there is no element 4") { _ = FiniteGroup.cyclic(4).inverse(4) },
    .init(message: "there is no element 6") { _ = FiniteGroup.cyclic(4).subgroup(of: [6]) },
    .init(message: "c4 has no element 4") { _ = ImageSymmetry.c4.title(of: 4) },
    .init(message: "cyclic:2 has no element 4") { _ = ImageSymmetry.shifts(2).title(of: 4) },
    .init(message: "there is no element 3") {
      _ = Representation.regular(.cyclic(3)).character(3)
    },
    .init(message: "there is no element 3") {
      _ = Representation.regular(.cyclic(3))(3, [1, 2, 3])
    },
    .init(message: "a space of dimension 0") {
      _ = Representation.trivial(.cyclic(2), dimension: 0)
    },
    .init(message: "images of -1 channels") {
      _ = try? Representation(of: .c4, height: 2, width: 2, channels: -1)
    },
    .init(message: "the target does not commute with the group") {
      _ = gap.closedForm(target: [1, 0, 0])
    },
    .init(message: "the target does not commute with the group") {
      _ = estimate([1, 0, 0])
    },
    .init(message: "a target of 2 numbers for 3 · 1") { _ = gap.closedForm(target: [1, 1]) },
    .init(message: "inputs of deviation 0.0, noise of 1.0") {
      _ = gap.closedForm(target: [1, 1, 1])(examples: 9, sigma: 0, noise: 1)
    },
    .init(message: "0 examples") {
      _ = gap.closedForm(target: [1, 1, 1])(examples: 0, sigma: 1, noise: 1)
    },
    .init(message: "inputs of deviation 0.0") { _ = estimate([1, 1, 1], sigma: 0) },
    .init(message: "estimate: 1 draws") { _ = estimate([1, 1, 1], draws: 1) },
  ]

  private static let gap = LinearGap(invariantUnder: .regular(.cyclic(3)))

  @discardableResult
  private static func estimate(
    _ target: [Double], sigma: Double = 1, draws: Int = 9
  ) -> LinearGap.Estimate {
    gap.estimate(
      examples: 9, target: target, sigma: sigma, noise: 1, draws: draws, seed: 1,
      on: WorkerPool(threads: 1))
  }

  @Test(arguments: mistakes.indices) func endsTheProcess(index: Int) async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index = index as Int] in MisuseTests.mistakes[index].make() }
    let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(text.contains(Self.mistakes[index].message), "\(text.prefix(300))")
  }
}
