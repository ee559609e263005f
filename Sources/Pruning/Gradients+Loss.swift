import Autodiff
import ConViT

extension Gradients {
  /// The gradients of the mean cross-entropy of a model over examples, [B] + `model.input`, for
  /// ``PruningRule/Method/taylor``.
  public init(
    ofLoss model: any Model, _ weights: ParameterStore, examples: Tensor, labels: [Int]
  ) {
    checkPrecondition(
      !labels.isEmpty && examples.shape[0] == labels.count,
      "Gradients: \(labels.count) labels for examples \(examples.shape)")
    self.init(weights.tree)
    for range in Shards(for: model, batchSize: labels.count, lanes: 1).ranges(labels.count) {
      let tape = Tape(weights)
      let loss = model(tape.constant(examples.sliced(0, range)))
        .crossEntropy(labels: Array(labels[range])).sum()
      tape.accumulateGradients(of: loss, into: &self)
    }
    multiply(by: 1 / Float(labels.count))
  }
}
