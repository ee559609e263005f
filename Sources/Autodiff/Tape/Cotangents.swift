import CKernels

/// The derivatives of a loss by the inputs of one operator, while a tape runs backward.
public struct Cotangents {
  var values: [Tensor?] = []  // the derivatives by the nodes of the tape
  /// The shapes of the nodes' values, which those of the derivatives must be.
  var shapes: [Shape] = []
  /// The nodes of the inputs of all operators, one operator's after the other's.
  var edges: [Int?] = []
  var inputs = 0..<0  // which of the edges are the operator's
  var precision = Precision.float32  // the precision of matrix products: the tape's

  /// Whether anyone asks for the derivative by an input.
  public func isNeeded(_ input: Int) -> Bool { node(input) != nil }

  private func node(_ input: Int) -> Int? {
    checkPrecondition(
      0..<inputs.count ~= input, "Cotangents: input \(input) of \(inputs.count)")
    return edges[inputs.lowerBound + input]
  }

  /// Adds a derivative by an input.
  public mutating func add(_ gradient: @autoclosure () -> Tensor, to input: Int) {
    if let node = node(input) { add(gradient(), at: node) }
  }

  mutating func add(_ gradient: Tensor, at node: Int) {
    checkShape(gradient.shape, at: node)
    guard values[node] != nil else {
      values[node] = gradient
      return
    }
    accumulate(at: node, shape: gradient.shape) { out, _ in
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
    if let node = node(input) { accumulate(at: node, shape: shape, body) }
  }

  /// The same with products, which a dry run counts.
  mutating func accumulateProducts(
    to input: Int, shape: Shape, _ body: (UnsafeMutablePointer<Float>, _ beta: Float) -> Void
  ) {
    if let node = node(input) { accumulate(at: node, shape: shape, evenIfDry: true, body) }
  }

  private mutating func accumulate(
    at node: Int, shape: Shape, evenIfDry: Bool = false,
    _ body: (UnsafeMutablePointer<Float>, _ beta: Float) -> Void
  ) {
    checkShape(shape, at: node)
    guard var sum = values[node] else {
      values[node] = Tensor(unsafeUninitialized: shape, evenIfDry: evenIfDry) { body($0, 0) }
      return
    }
    values[node] = nil  // so that `sum` is the only reference, and is written in place
    let out = sum.mutablePointer()
    if evenIfDry || !DryRun.isOn { body(out, 1) }
    values[node] = sum
  }

  /// A sum of another shape would be read and written beyond its memory.
  private func checkShape(_ shape: Shape, at node: Int) {
    checkPrecondition(
      shape == shapes[node],
      "Cotangents: a derivative of shape \(shape) by a value of shape \(shapes[node])")
  }

  mutating func clear() {
    values.removeAll(keepingCapacity: true)
    edges.removeAll(keepingCapacity: true)
    shapes.removeAll(keepingCapacity: true)
  }

  /// Exchanges what was summed so far by an input, which moves, to be put back when more was added.
  mutating func exchange(_ input: Int, with sum: inout Tensor?) {
    if let node = node(input) { swap(&sum, &values[node]) }
  }
}
