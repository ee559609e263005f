/// Arithmetic with a number on either side; `factor * x`, `x + number` and `number - x` are beside
/// the operators on two tensors.
extension Variable {
  /// x · factor.
  public static func * (x: Variable, factor: Float) -> Variable { factor * x }

  /// x / number.
  public static func / (x: Variable, number: Float) -> Variable {
    x / x.tape.constant(Tensor(number))
  }

  /// number / x.
  public static func / (number: Float, x: Variable) -> Variable {
    x.tape.constant(Tensor(number)) / x
  }

  /// number + x.
  public static func + (number: Float, x: Variable) -> Variable { x + number }

  /// x − number.
  public static func - (x: Variable, number: Float) -> Variable { x + -number }

  /// −x.
  public static prefix func - (x: Variable) -> Variable { -1 * x }
}

extension Tensor {
  /// x · factor.
  public static func * (x: Tensor, factor: Float) -> Tensor { factor * x }

  /// x / number.
  public static func / (x: Tensor, number: Float) -> Tensor { x / Tensor(number) }

  /// number / x.
  public static func / (number: Float, x: Tensor) -> Tensor { Tensor(number) / x }

  /// x + number.
  public static func + (x: Tensor, number: Float) -> Tensor { x + Tensor(number) }

  /// number + x.
  public static func + (number: Float, x: Tensor) -> Tensor { x + number }

  /// x − number.
  public static func - (x: Tensor, number: Float) -> Tensor { x + -number }

  /// number − x.
  public static func - (number: Float, x: Tensor) -> Tensor { Tensor(number) - x }

  /// −x.
  public static prefix func - (x: Tensor) -> Tensor { -1 * x }
}
