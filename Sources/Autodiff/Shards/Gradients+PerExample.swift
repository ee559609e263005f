extension Gradients {
  /// The gradient of each example's own loss, as `transform` takes it, side by side on the threads
  /// of `pool`, in order: for gradient noise, influence, or clipping as of differential privacy.
  ///
  /// ```swift
  /// let norms = try Gradients.perExample(batch.count, at: weights, on: pool) { example, tape in
  ///   model(tape.constant(batch.inputs.sliced(0, example..<example + 1)))
  ///     .crossEntropy(labels: [batch.labels[example]]).sum()
  /// } taking: { $0.norm }
  /// ```
  ///
  /// Each example is a pass of its own, so that it costs as much as batches of one, and memory for
  /// a set of gradients on each thread, besides what `transform` returns. The bits do not depend on
  /// the number of threads. PyTorch equivalent: `vmap(grad(loss), (None, 0))` of `torch.func`.
  ///
  /// If calls throw, the error of the first example among them is thrown when all have ended.
  ///
  /// - Parameters:
  ///   - count: how many examples there are.
  ///   - weights: where the derivatives are taken.
  ///   - pool: whose threads work.
  ///   - pass: what the passes are; its randomness has a source for each example, or is empty.
  ///   - loss: from an example, and a tape of its own, to one number.
  ///   - transform: what is kept of a gradient.
  public static func perExample<Output: Sendable>(
    _ count: Int, at weights: ParameterStore, on pool: WorkerPool, _ pass: Pass = Pass(),
    loss: (_ example: Int, _ tape: Tape) throws -> Variable,
    taking transform: (Gradients) throws -> Output
  ) throws -> [Output] {
    try pool.map(Array(0..<count)) { example in
      Result {
        let tape = Tape(weights, pass.part(example..<example + 1))
        return try transform(tape.gradients(of: loss(example, tape)))
      }
    }.map { try $0.get() }
  }
}
