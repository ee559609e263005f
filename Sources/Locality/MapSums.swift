import Autodiff
import ConViT

/// What is summed up, over examples, of the maps of one attention.
protocol MapSums: Sendable {
  mutating func add(_ other: Self)
}

extension Model {
  /// The logits of examples [B] + `input`, a few at a time on each thread, [B, classes]; `add` is
  /// given each map at `places`, which number the attentions, with the sums of its attention in a
  /// lane. A lane is added to by one thread at a time.
  func logits<Sums: MapSums>(
    of examples: Tensor, at weights: FrozenWeights, on pool: WorkerPool,
    showing places: [String: Int], into lanes: inout [[Sums]],
    _ add: (_ map: Tensor, _ sums: inout Sums) -> Void
  ) -> Tensor {
    let shards = Shards(for: self, batchSize: examples.shape[0])
    let logits = shards.outputs(of: examples.shape[0], at: weights, on: pool, into: &lanes) {
      range, tape, attentions in
      tape.showing(Taps(Array(places.keys))) { map in
        if let place = places[map.place] { add(map.value, &attentions[place]) }
      } _: {
        self(tape.constant(examples.sliced(0, range))).value
      }
    }
    return .concatenated(logits, 0)
  }
}

/// The sums of an attention over all lanes, in their order.
func total<Sums: MapSums>(of attention: Int, in lanes: [[Sums]]) -> Sums {
  var sum = lanes[0][attention]
  for lane in lanes.dropFirst() { sum.add(lane[attention]) }
  return sum
}
