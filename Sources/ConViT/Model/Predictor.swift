import Autodiff

/// A model with weights that will not change, to predict with: any number of threads may call it at
/// a time, each works on its own thread, and all get the same bits.
///
/// ```swift
/// let predictor = Predictor(saved)
/// let logits = try predictor.logits(pixels)  // [Float], 3 · 224 · 224 → [Float], 1000
/// ```
public struct Predictor: Sendable {
  private let model: any Model
  private let weights: FrozenWeights
  private let images: (normalization: ChannelStatistics, range: ClosedRange<Float>)?

  /// A model with these weights.
  ///
  /// - Parameters:
  ///   - model: what predicts.
  ///   - weights: its weights.
  ///   - precision: of matrix products.
  public init(
    _ model: any Model, _ weights: ParameterStore, precision: Precision = .float32
  ) {
    self.init(model, weights, nil, precision)
  }

  /// What a weights file describes. Images that are not normalised, such as pixels of 0 … 255, are
  /// errors.
  ///
  /// - Parameters:
  ///   - saved: a model with its weights.
  ///   - precision: of matrix products.
  public init(_ saved: SavedModel, precision: Precision = .float32) {
    let isOfImages = saved.model is VisionTransformer && [1, 3].contains(saved.model.input[0])
    let own = saved.normalization ?? (isOfImages ? .imageNet : nil)
    self.init(saved.model, saved.weights, own, precision)
  }

  private init(
    _ model: any Model, _ weights: ParameterStore, _ normalization: ChannelStatistics?,
    _ precision: Precision
  ) {
    self.model = model
    images = normalization.map { ($0, $0.range) }
    self.weights = FrozenWeights(weights, .inference(precision))
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
  /// - Throws: `InputError` if examples of the model have another shape, or are pixels that were
  ///   not normalised.
  public func logits(_ examples: Tensor) throws(InputError) -> Tensor {
    guard examples.shape.rank == model.input.rank + 1, examples.shape.removing(0) == model.input
    else {
      throw InputError(
        message: "found shape \(examples.shape), expected [batch] + \(model.input)"
          + (examples.shape == model.input ? "; of one example: x.reshaped([1] + …)" : ""))
    }
    if let images { try check(examples, images.normalization, images.range) }
    return model(Tape(weights).constant(examples)).value
  }

  /// Throws for numbers farther out than black is from white: a resampling may overshoot.
  private func check(
    _ examples: Tensor, _ normalization: ChannelStatistics, _ range: ClosedRange<Float>
  ) throws(InputError) {
    let slack = range.upperBound - range.lowerBound
    let (least, most) = examples.withUnsafeBufferPointer { numbers in
      numbers.reduce((Float.infinity, -Float.infinity)) { (min($0.0, $1), max($0.1, $1)) }
    }
    guard least < range.lowerBound - slack || most > range.upperBound + slack else { return }
    throw InputError(
      message: "numbers from \(least) to \(most) for images normalised by \(normalization), "
        + "whose numbers are from \(range.lowerBound) to \(range.upperBound): normalise pixels v "
        + "of 0 … 255 first, (v / 255 − mean) / std")
  }
}

/// Numbers that are no examples of a model.
public struct InputError: Error, Sendable, CustomStringConvertible {
  package let message: String
  /// What was found and what was expected.
  public var description: String { message }

  package init(message: String) { self.message = message }
}
