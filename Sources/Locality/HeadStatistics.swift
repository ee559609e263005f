/// What is summed up over images about one attention head, patches only.
struct HeadStatistics: Sendable {
  /// Σ_images A, [N · N]: whatever is linear in the attention follows from it.
  var map: [Float]
  /// An image's non-locality, in patches.
  var nonlocality = Moments()
  /// The entropy of a query's attention, averaged over an image's queries, in nats.
  var entropy = Moments()
  /// What queries give to the class and distillation tokens, 0 where there are none.
  var tokenShare = Moments()

  init(patches: Int) { map = Array(repeating: 0, count: patches * patches) }

  mutating func add(_ other: HeadStatistics) {
    for index in map.indices { map[index] += other.map[index] }
    nonlocality.add(other.nonlocality)
    entropy.add(other.entropy)
    tokenShare.add(other.tokenShare)
  }
}
