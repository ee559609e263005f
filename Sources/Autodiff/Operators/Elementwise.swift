import CKernels

/// A loop over elements: out, input, count.
typealias UnaryKernel = (UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int) -> Void
/// A loop over pairs of elements.
typealias BinaryKernel = (
  UnsafeMutablePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, Int
) -> Void

extension Tensor {
  func map(_ kernel: UnaryKernel) -> Tensor {
    Tensor(unsafeUninitialized: shape) { kernel($0, pointer, count) }
  }

  /// A new tensor from the elements of two, which NumPy's rule brings to one shape.
  func combined(_ other: Tensor, _ name: StaticString, _ kernel: BinaryKernel) -> Tensor {
    let shape = shape.broadcast(with: other.shape, name)
    let (a, b) = (broadcast(to: shape), other.broadcast(to: shape))
    return Tensor(unsafeUninitialized: shape) {
      kernel($0, a.pointer, b.pointer, shape.elementCount)
    }
  }

  /// a + b, shapes brought together by NumPy's rule.
  public static func + (a: Tensor, b: Tensor) -> Tensor { a.combined(b, "+", ck_add) }
  /// a − b.
  public static func - (a: Tensor, b: Tensor) -> Tensor { a.combined(b, "-", ck_sub) }
  /// a · b, element by element.
  public static func * (a: Tensor, b: Tensor) -> Tensor { a.combined(b, "*", ck_mul) }
  /// a / b, element by element.
  public static func / (a: Tensor, b: Tensor) -> Tensor { a.combined(b, "/", ck_div) }
  /// factor · x.
  public static func * (factor: Float, x: Tensor) -> Tensor {
    x.map { ck_scale($0, factor, $1, $2) }
  }
}

extension Variable {
  /// a + b, shapes brought together by NumPy's rule.
  public static func + (a: Variable, b: Variable) -> Variable {
    a.tape.operation(a.value + b.value, of: [a, b], saving: (a.shape, b.shape), as: .add) {
      shapes, gradient, inputs in
      inputs.add(gradient.summed(to: shapes.0), to: 0)
      inputs.add(gradient.summed(to: shapes.1), to: 1)
    }
  }

  /// a − b.
  public static func - (a: Variable, b: Variable) -> Variable {
    a.tape.operation(a.value - b.value, of: [a, b], saving: (a.shape, b.shape), as: .subtract) {
      shapes, gradient, inputs in
      inputs.add(gradient.summed(to: shapes.0), to: 0)
      inputs.add((-1 * gradient).summed(to: shapes.1), to: 1)
    }
  }

  /// a · b, element by element.
  public static func * (a: Variable, b: Variable) -> Variable {
    a.tape.operation(a.value * b.value, of: [a, b], saving: (a.value, b.value), as: .multiply) {
      saved, gradient, inputs in
      let (a, b) = saved
      inputs.add((gradient * b).summed(to: a.shape), to: 0)
      inputs.add((gradient * a).summed(to: b.shape), to: 1)
    }
  }

  /// a / b, element by element.
  public static func / (a: Variable, b: Variable) -> Variable {
    let value = a.value / b.value
    return a.tape.operation(value, of: [a, b], saving: (a.shape, b.value, value), as: .divide) {
      saved, gradient, inputs in
      let (shape, b, value) = saved
      inputs.add((gradient / b).summed(to: shape), to: 0)
      inputs.add((-1 * (gradient * value / b)).summed(to: b.shape), to: 1)
    }
  }

  /// factor · x.
  public static func * (factor: Float, x: Variable) -> Variable {
    x.tape.operation(factor * x.value, of: [x], saving: factor, as: .scale(factor)) {
      factor, gradient, inputs in
      inputs.add(factor * gradient, to: 0)
    }
  }

  /// x + number.
  public static func + (x: Variable, number: Float) -> Variable {
    let sum = x.value.map { ck_add_scalar($0, $1, number, $2) }
    return x.tape.operation(sum, of: [x], saving: (), as: .shift(number)) {
      _, gradient, inputs in inputs.add(gradient, to: 0)
    }
  }

  /// number − x.
  public static func - (number: Float, x: Variable) -> Variable { -1 * x + number }

  /// An element-wise function and its derivative, which may use the value of the function.
  private func apply(
    _ kernel: UnaryKernel, as operation: TracedOperation, name: StaticString = #function,
    derivative: @escaping (_ x: Tensor, _ y: Tensor) -> Tensor
  ) -> Variable {
    let (x, y) = (value, value.map(kernel))
    let saved = (x, y, UnaryDerivative(function: derivative))
    return tape.operation(y, of: [self], saving: saved, as: operation, name: name) {
      saved, gradient, inputs in
      let (x, y, derivative) = saved
      inputs.add(gradient * derivative.function(x, y), to: 0)
    }
  }

  /// A function as it is: bare, a generic function would get it wrapped anew each time.
  private struct UnaryDerivative {
    let function: (_ x: Tensor, _ y: Tensor) -> Tensor
  }

  /// eˣ; the derivative is eˣ.
  public func exp() -> Variable { apply(ck_exp, as: .exp) { _, y in y } }

  /// ln x; the derivative is 1 / x.
  public func log() -> Variable {
    apply(ck_log, as: .log) { x, _ in Tensor(repeating: 1, x.shape) / x }
  }

  /// √x; the derivative is 1 / (2√x).
  public func squareRoot() -> Variable {
    apply(ck_sqrt, as: .squareRoot) { _, y in Tensor(repeating: 0.5, y.shape) / y }
  }

  /// x²; the derivative is 2x.
  public func squared() -> Variable { apply(ck_square, as: .squared) { x, _ in 2 * x } }

  /// σ(x) = 1 / (1 + e⁻ˣ); the derivative is σ(1 − σ).
  public func sigmoid() -> Variable {
    apply(ck_sigmoid, as: .sigmoid) { _, y in y * (Tensor(repeating: 1, y.shape) - y) }
  }

  /// x · σ(x). PyTorch equivalent: `F.silu`.
  public func silu() -> Variable { self * sigmoid() }

  /// tanh x; the derivative is 1 − tanh²x.
  public func tanh() -> Variable {
    apply(ck_tanh, as: .tanh) { _, y in Tensor(repeating: 1, y.shape) - y * y }
  }

  /// max(x, 0); the derivative is 1 for x > 0, else 0.
  public func relu() -> Variable {
    apply(ck_relu, as: .relu) { x, _ in
      Tensor(unsafeUninitialized: x.shape) { out in
        for i in 0..<x.count { out[i] = x.pointer[i] > 0 ? 1 : 0 }
      }
    }
  }
}
