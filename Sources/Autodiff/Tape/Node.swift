/// An operator on a tape: how the derivative by its value goes to its inputs.
protocol Node: AnyObject {
  /// Carries the derivative by the operator's value to its inputs; what was saved is free after.
  func differentiate(_ gradient: Tensor, _ inputs: inout Cotangents)
  func clear()
}

/// An operator that saved values for its derivative.
///
/// The object stays on its tape and serves the operator that stands in its place in the next pass,
/// which is of the same kind where passes are alike.
final class SavedNode<Saved>: Node {
  private var saved: Saved?
  private var derivative: Tape.DerivativeOfSaved<Saved>?

  func save(_ saved: Saved, _ derivative: @escaping Tape.DerivativeOfSaved<Saved>) {
    self.saved = saved
    self.derivative = derivative
  }

  func differentiate(_ gradient: Tensor, _ inputs: inout Cotangents) {
    guard let saved, let derivative else { fatalError("Tape: nothing was saved") }
    clear()
    derivative(saved, gradient, &inputs)
  }

  func clear() {
    saved = nil
    derivative = nil
  }
}
