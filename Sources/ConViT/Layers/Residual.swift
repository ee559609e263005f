import Autodiff

/// What goes around a part of a block, and how probable it is that a sample goes around only.
///
/// PyTorch equivalent: the `x +` and the `DropPath` of `x + drop_path(attn(norm(x)))`.
public struct Residual {
  /// What goes around, and is added to.
  public let value: Variable
  /// The probability that a sample goes around only.
  public let dropPath: Float

  /// What goes around a part that each sample takes unless it is dropped.
  public init(value: Variable, dropPath: Float = 0) {
    (self.value, self.dropPath) = (value, dropPath)
  }
}

extension Linear {
  /// residual + dropPath(dropout(x · Wᵀ + b)): [..., in] → [..., out].
  func callAsFunction(_ x: Variable, onto residual: Residual, dropRate: Float) -> Variable {
    guard let bias, dropRate == 0 else {
      return residual.value + self(x).dropout(dropRate).dropPath(residual.dropPath)
    }
    return x.linear(
      x.tape[weight], bias: x.tape[bias], onto: residual.value, dropPath: residual.dropPath)
  }
}
