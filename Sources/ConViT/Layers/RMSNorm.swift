import Autodiff

/// Root-mean-square normalisation over the last axis (Zhang and Sennrich 2019, arXiv:1910.07467).
///
/// PyTorch equivalent: `nn.RMSNorm(dim, eps=1e-6)`.
public struct RMSNorm: Module {
  /// [dim], 1 at first.
  public let weight: Parameter
  private let epsilon: Float

  /// A normalisation of `dim` features; `epsilon` is added to the mean of their squares.
  public init(_ dim: Int, epsilon: Float = 1e-6) {
    weight = Parameter([dim], kind: .norm, initial: .ones)
    self.epsilon = epsilon
  }

  /// [..., dim] → [..., dim]
  public func callAsFunction(_ x: Variable) -> Variable {
    x.rmsNorm(x.tape[weight], epsilon: epsilon)
  }
}
