import CKernels

/// The derivatives of a loss by the inputs of one operator, while a tape runs backward.
public struct Cotangents {
  var values: [Tensor?]
  var inputs: [Int?] = []

  init(count: Int) { values = Array(repeating: nil, count: count) }

  /// The number of inputs.
  public var count: Int { inputs.count }

  /// Whether anyone asks for the derivative by an input.
  public func isNeeded(_ input: Int) -> Bool { inputs[input] != nil }

  /// Adds a derivative by an input.
  public mutating func add(_ gradient: @autoclosure () -> Tensor, to input: Int) {
    guard let node = inputs[input] else { return }
    let gradient = gradient()
    guard values[node] != nil else {
      values[node] = gradient
      return
    }
    accumulate(to: input, shape: gradient.shape) { out, _ in
      ck_axpy(out, 1, gradient.pointer, gradient.count)
    }
  }

  /// Adds a derivative by an input in place: `body` computes out ← derivative + beta · out, where
  /// `out` is not initialised if beta is 0.
  ///
  /// Nothing is computed where nobody asks for the derivative.
  public mutating func accumulate(
    to input: Int, shape: Shape, _ body: (UnsafeMutablePointer<Float>, _ beta: Float) -> Void
  ) {
    guard let node = inputs[input] else { return }
    guard var sum = values[node] else {
      values[node] = Tensor(unsafeUninitialized: shape) { body($0, 0) }
      return
    }
    precondition(
      sum.shape == shape,
      "Cotangents: derivatives of shapes \(sum.shape) and \(shape) by one value")
    values[node] = nil  // so that `sum` is the only reference, and is written in place
    body(sum.mutablePointer(), 1)
    values[node] = sum
  }
}
