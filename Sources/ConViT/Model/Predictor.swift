import Autodiff

/// A model with weights that will not change, to predict with: any number of threads may call it at
/// a time, each works on its own thread, and all get the same bits.
///
/// ```swift
/// let predictor = Predictor(saved.model, saved.weights)
/// let logits = try predictor.logits(pixels)  // [Float], 3 · 224 · 224 → [Float], 1000
/// ```
public struct Predictor: Sendable {
  private let model: any Model
  private let weights: FrozenWeights

  /// A model with these weights.
  ///
  /// - Parameter precision: of matrix products.
  public init(
    _ model: any Model, _ weights: ParameterStore, precision: Precision = .float32
  ) {
    (self.model, self.weights) = (model, FrozenWeights(weights, .inference(precision)))
  }

  /// The outputs of some examples, which lie one behind the other: `count` · outputs numbers.
  ///
  /// - Throws: `InputError` if these are not the numbers of so many examples.
  public func logits(_ examples: [Float], count: Int = 1) throws(InputError) -> [Float] {
    let expected = count * model.input.elementCount
    guard count > 0, examples.count == expected else {
      throw InputError(
        message: "\(examples.count) numbers for \(count) examples of \(model.input), which have "
          + "\(expected)")
    }
    return try logits(Tensor(Shape([count] + model.input.sizes), examples)).elements
  }

  /// The outputs of examples: [n] + the shape of one → [n, outputs].
  ///
  /// - Throws: `InputError` if examples of the model have another shape.
  public func logits(_ examples: Tensor) throws(InputError) -> Tensor {
    guard examples.shape.rank == model.input.rank + 1, examples.shape.removing(0) == model.input
    else {
      throw InputError(
        message: "examples of shape \(examples.shape) for a model of \(model.input)")
    }
    return model(Tape(weights).constant(examples)).value
  }
}

/// Numbers that are no examples of a model.
public struct InputError: Error, Sendable, CustomStringConvertible {
  let message: String
  /// What was found and what was expected.
  public var description: String { message }
}
