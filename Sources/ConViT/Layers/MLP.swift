import Autodiff

/// The two-layer perceptron of a block: fc2(GELU(fc1(x))).
public struct MLP: Module {
  /// dim → hidden
  public let fc1: Linear
  /// hidden → dim
  public let fc2: Linear
  private let dropRate: Float

  /// A perceptron of `hidden` units, with dropout after each layer.
  public init(_ dim: Int, hidden: Int, dropRate: Float = 0) {
    fc1 = Linear(dim, hidden)
    fc2 = Linear(hidden, dim)
    self.dropRate = dropRate
  }

  /// [B, N, dim] → [B, N, dim]
  public func callAsFunction(_ x: Variable) -> Variable {
    fc2(fc1.gelu(x).dropout(dropRate)).dropout(dropRate)
  }

  /// The same added to what goes around it.
  func callAsFunction(_ x: Variable, onto residual: Residual) -> Variable {
    fc2(fc1.gelu(x).dropout(dropRate), onto: residual, dropRate: dropRate)
  }
}
