import Autodiff
import Scores

/// Regularised evolution that begins with the candidates which a score ranks highest: the best of
/// a tournament has a child that differs in one choice, and the oldest of the population goes.
///
/// Sources: Real, Aggarwal, Huang and Le, Regularized Evolution for Image Classifier Architecture
/// Search (AAAI 2019); begun from scores it is AREA of Mellor et al. (ICML 2021), who do not state
/// the tournament's size.
package struct Evolution: Sendable {
  /// The places of its members among the search's candidates, the oldest first.
  package private(set) var population: [Int]
  private var random: Random
  private static let (size, tournament) = (10, 5)

  /// The ten best by the search's method, or all.
  package init(of search: SearchRun, seed: UInt64) {
    population = Array(search.order(by: nil).prefix(Self.size))
    random = Random(seed: seed).split("evolution")
  }

  /// A child of the population, which is trained, as a candidate of the search; it takes the place
  /// of the oldest member. Nil if no change of the parent is allowed and within the budget.
  package mutating func child(
    in search: inout SearchRun, on pool: WorkerPool
  ) throws -> Int? {
    let drawn = random.permutation(population.count).prefix(Self.tournament)
    let parent = drawn.map { population[$0] }.max {
      (search.accuracies[$0] ?? 0, $1) < (search.accuracies[$1] ?? 0, $0)
    }
    guard let parent else { return nil }
    for _ in 0..<20 {
      guard
        let changed = try search.space.mutated(search.candidates[parent], using: &random)
      else { return nil }
      let known = search.candidates.firstIndex { $0.places == changed.places }
      guard let child = try known ?? search.include([changed], on: pool).first else { continue }
      population = population.dropFirst() + [child]
      return child
    }
    return nil
  }
}
