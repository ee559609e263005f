import Autodiff
import ConViT

extension Model {
  /// The logits of examples [B] + `input`, a few at a time on each thread, [B, outputs], and what
  /// `read` makes of the value at each place in the same passes: by place, and for each part of the
  /// examples in their order.
  func values(
    at places: [String], of examples: Tensor, _ weights: FrozenWeights, on pool: WorkerPool,
    _ read: (Variable) -> Tensor
  ) -> (logits: Tensor, values: [[Tensor]]) {
    let shards = Shards(for: self, batchSize: examples.shape[0])
    let parts = shards.outputs(of: examples.shape[0], at: weights, on: pool) { range, tape in
      var values: [String: Tensor] = [:]
      let logits = tape.showing(Taps(places)) { seen in
        values[seen.place] = tape.unseen { read(tape.constant(seen.value)) }
      } _: {
        self(tape.constant(examples.sliced(0, range))).value
      }
      return (logits, places.map { values[$0]! })
    }
    return (
      .concatenated(parts.map(\.0), 0), places.indices.map { place in parts.map { $0.1[place] } }
    )
  }
}
