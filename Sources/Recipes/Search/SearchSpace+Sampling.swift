import Autodiff
import Training

extension SearchSpace {
  /// `count` different candidates, drawn from `seed`; all that there are, if there are no more.
  ///
  /// A space of up to 100,000 choices is enumerated, of which each candidate is as likely as any
  /// other; of a larger one, choices are drawn until enough are allowed.
  package func sample(_ count: Int, seed: UInt64) throws -> [Candidate] {
    var random = Random(seed: seed).split("search space")
    if size <= 100_000 {
      let all = try allowed()
      guard !all.isEmpty else {
        throw TrainingError(usage: "\(title): its conditions allow nothing")
      }
      return try random.permutation(all.count).prefix(count).map { try candidate(all[$0]) }
    }
    var (found, seen): ([[Int]], Set<[Int]>) = ([], [])
    for _ in 0..<1000 * count where found.count < count {
      let places = canonical(slots.map { random.below($0.count) })
      if seen.insert(places).inserted, try isAllowed(places) { found.append(places) }
    }
    guard !found.isEmpty else {
      throw TrainingError(
        usage: "\(title): none of \(1000 * count) random choices is allowed by its conditions")
    }
    return try found.map(candidate)
  }

  /// All that the conditions allow, in the order of the choices.
  func allowed() throws -> [[Int]] {
    var places = Array(repeating: 0, count: slots.count)
    var found: [[Int]] = []
    while true {
      if canonical(places) == places, try isAllowed(places) { found.append(places) }
      guard let next = places.indices.last(where: { places[$0] + 1 < slots[$0].count })
      else { return found }
      places[next] += 1
      for index in places.indices where index > next { places[index] = 0 }
    }
  }

  /// A candidate that differs from another in one choice; nil if none of a hundred draws is
  /// allowed.
  package func mutated(
    _ candidate: Candidate, using random: inout Random
  ) throws -> Candidate? {
    let open = slots.indices.filter {
      slots[$0].count > 1 && isUsed(slots[$0], in: candidate.places)
    }
    guard !open.isEmpty else { return nil }
    for _ in 0..<100 {
      var places = candidate.places
      let index = open[random.below(open.count)]
      let other = random.below(slots[index].count - 1)
      places[index] = other < places[index] ? other : other + 1
      for (slot, place) in zip(slots.indices, slots)
      where isUsed(place, in: places) && !isUsed(place, in: candidate.places) {
        places[slot] = random.below(place.count)  // a list has become longer
      }
      places = canonical(places)
      if try isAllowed(places) { return try self.candidate(places) }
    }
    return nil
  }
}
