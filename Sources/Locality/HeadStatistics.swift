/// What is summed up over images about one attention head, patches only.
struct HeadStatistics: Sendable {
  /// Σ_images A, [N · N]: whatever is linear in the attention follows from it.
  var map: [Float]
  /// Σ and Σ² of an image's non-locality, in patches.
  var nonlocality = Moments()
  /// Σ and Σ² of the entropy of a query's attention, averaged over an image's queries, in nats.
  var entropy = Moments()
  /// Σ of what queries give to the class and distillation tokens, 0 where there are none.
  var tokenShare = Moments()

  init(patches: Int) { map = Array(repeating: 0, count: patches * patches) }

  mutating func add(_ other: HeadStatistics) {
    for index in map.indices { map[index] += other.map[index] }
    nonlocality.add(other.nonlocality)
    entropy.add(other.entropy)
    tokenShare.add(other.tokenShare)
  }
}

/// A count of numbers, their sum and that of their squares.
struct Moments: Sendable {
  private var count = 0
  private var sum = 0.0
  private var squares = 0.0

  mutating func add(_ value: Double) {
    count += 1
    sum += value
    squares += value * value
  }

  mutating func add(_ other: Moments) {
    count += other.count
    sum += other.sum
    squares += other.squares
  }

  var mean: Double { sum / Double(count) }

  /// The standard deviation, of a sample; 0 for a single number.
  var deviation: Double {
    count > 1 ? (max(squares - sum * mean, 0) / Double(count - 1)).squareRoot() : 0
  }
}
