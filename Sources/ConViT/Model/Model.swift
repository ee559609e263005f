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
}
