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
    let (logits, found) = shown(at: places, of: examples, weights, on: pool, read)
    return (
      logits, places.map { place in found.map { part in part.first { $0.place == place }!.value } }
    )
  }

  /// The logits of examples [B] + `input`, [B, outputs], and the values at all places that match
  /// patterns, as `Taps` have them: by place in the order of the pass.
  ///
  /// The first axis of each value is that of the examples, unless a model has groups of them there.
  package func values(
    matching patterns: [String], of examples: Tensor, _ weights: FrozenWeights,
    on pool: WorkerPool
  ) -> (logits: Tensor, values: [(place: String, value: Tensor)]) {
    let (logits, found) = shown(at: patterns, of: examples, weights, on: pool) { $0.value }
    let values = found[0].indices.map { index in
      (found[0][index].place, Tensor.concatenated(found.map { $0[index].value }, 0))
    }
    return (logits, values)
  }

  private func shown(
    at patterns: [String], of examples: Tensor, _ weights: FrozenWeights, on pool: WorkerPool,
    _ read: (Variable) -> Tensor
  ) -> (logits: Tensor, found: [[(place: String, value: Tensor)]]) {
    let shards = Shards(for: self, batchSize: examples.shape[0])
    let parts = shards.outputs(of: examples.shape[0], at: weights, on: pool) { range, tape in
      var values: [(place: String, value: Tensor)] = []
      let logits = tape.showing(Taps(patterns)) { seen in
        values.append((seen.place, tape.unseen { read(tape.constant(seen.value)) }))
      } _: {
        self(tape.constant(examples.sliced(0, range))).value
      }
      return (logits, values)
    }
    return (.concatenated(parts.map(\.0), 0), parts.map(\.1))
  }
}
