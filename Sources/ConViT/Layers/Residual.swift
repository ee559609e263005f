import Autodiff

/// What goes around a part of a block, and how probable it is that a sample goes around only.
struct Residual {
  let value: Variable
  let dropPath: Float
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
