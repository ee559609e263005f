import Autodiff

/// Layer normalisation over the last axis, ε = 1e-6 as in every model of this package.
///
/// PyTorch equivalent: `nn.LayerNorm(dim, eps=1e-6)`.
public struct LayerNorm: Module {
  /// [dim], 1 at first.
  public let weight: Parameter
  /// [dim], 0 at first.
  public let bias: Parameter

  /// A normalisation of `dim` features, whose `weight` [dim] starts as ones and `bias` [dim] as
  /// zeros.
  public init(_ dim: Int) {
    weight = Parameter([dim], kind: .norm, initial: .ones)
    bias = Parameter([dim], kind: .norm, initial: .zeros)
  }

  /// [..., dim] → [..., dim]
  public func callAsFunction(_ x: Variable) -> Variable {
    x.layerNorm(x.tape[weight], bias: x.tape[bias], epsilon: 1e-6)
  }
}
