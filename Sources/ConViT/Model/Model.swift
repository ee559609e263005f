import Autodiff

/// A model of examples of one shape, whose outputs are a row of numbers each: what can be trained,
/// evaluated, saved and looked at, whatever is inside.
///
/// ```swift
/// struct TwoLayers: Model {
///   let input: Shape = [784]
///   let fc1 = Linear(784, 64)
///   let fc2 = Linear(64, 10, kind: .head)
///   func callAsFunction(_ x: Variable) -> Variable { fc2(fc1(x).gelu()) }
/// }
/// ```
public protocol Model: Module {
  /// The shape of one example: [3, 224, 224] for an image.
  var input: Shape { get }
  /// The rows that one example has in the matrix products inside, such as its tokens: what the
  /// size of shards follows from. 1 unless said otherwise.
  var rows: Int { get }
  /// Examples to outputs, as they are used: [B] + `input` → [B, outputs].
  func callAsFunction(_ x: Variable) -> Variable
  /// Examples to the outputs of each head, as they are trained; one head unless said otherwise.
  func outputs(_ x: Variable) -> Outputs
}

/// What the heads of a model give.
public struct Outputs {
  /// Of the head that every model has: [B, outputs].
  public let logits: Variable
  /// Of the head that learns from a teacher, if the model has one: [B, outputs].
  public let distillation: Variable?

  /// The outputs of one head, or of two.
  public init(_ logits: Variable, distillation: Variable? = nil) {
    (self.logits, self.distillation) = (logits, distillation)
  }

  /// The mean over the heads, as a distilled model is used: [B, outputs].
  var averaged: Variable { distillation.map { 0.5 * (logits + $0) } ?? logits }
}

extension Model {
  /// 1
  public var rows: Int { 1 }

  /// The outputs of one head.
  public func outputs(_ x: Variable) -> Outputs { Outputs(self(x)) }

  /// Examples to outputs without a tape's record, a few examples at a time on each thread of
  /// `pool`: [B] + `input` → [B, outputs].
  ///
  /// Any number of threads may call it at a time.
  public func logits(
    of examples: Tensor, _ weights: FrozenWeights, on pool: WorkerPool
  ) -> Tensor {
    checkPrecondition(
      examples.shape.rank == input.rank + 1 && examples.shape.removing(0) == input,
      "logits(of:): examples \(examples.shape) for a model of \(input)")
    let shards = Shards(for: self, batchSize: examples.shape[0])
    let parts = shards.outputs(of: examples.shape[0], at: weights, on: pool) { range, tape in
      self(tape.constant(examples.sliced(0, range))).value
    }
    return Tensor.concatenated(parts, 0)
  }

  /// What a pass of `examples` examples costs; see `Costs`.
  ///
  /// - Parameters:
  ///   - examples: how many there are in the pass.
  ///   - pass: what it is for.
  ///   - isWhole: whether all blocks are counted for all tokens, as papers do, and timm; a vision
  ///     transformer's last block computes only those that the head reads.
  public func costs(
    examples: Int = 1, _ pass: Pass = .inference, isWhole: Bool = false
  ) -> Costs {
    var pass = pass
    if isWhole { pass.taps = Taps(["blocks.*.output"]) }
    return Costs(ParameterTree(self), pass) { self($0.constant(self.examples(examples))) }
  }

  /// Room for examples, [count] + `input`, of a dry run.
  package func examples(_ count: Int) -> Tensor {
    Tensor(unsafeUninitialized: Shape([count] + input.sizes))
  }

  /// The multiply–adds of one example's prediction, counted as papers and timm do: matrix products
  /// only, of all tokens. Table 1 of the ConViT paper calls them flops.
  package var multiplyAdds: Int { costs(isWhole: true).multiplyAdds }
}

extension Shards {
  /// Rows of the matrices of a shard, which stay in a core's cache.
  package static let usualRows = 800

  /// How batches of a model are cut, unless someone says otherwise: shards of about 800 rows
  /// (four images of 14 × 14 patches), whose matrices stay in a core's cache, or fewer if
  /// that leaves a lane without.
  ///
  /// It depends on the model, the batch and the lanes and not on the machine, so that results do
  /// not.
  public init(
    for model: some Model, batchSize: Int, size: Int? = nil, lanes: Int = 4
  ) {
    let rows = max(model.rows, 1)
    let automatic = max(1, min((Self.usualRows + rows / 2) / rows, (batchSize + lanes - 1) / lanes))
    self.init(size: size ?? automatic, lanes: lanes)
  }
}
