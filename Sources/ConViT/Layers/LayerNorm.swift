import Autodiff

/// Layer normalisation over the last axis, ε = 1e-6 as in every model of this package.
///
/// PyTorch equivalent: `nn.LayerNorm(dim, eps=1e-6)`.
public struct LayerNorm: Module {
  /// [dim], starts as ones.
  public let weight: Parameter
  /// [dim], starts as zeros.
  public let bias: Parameter

  /// A normalisation of `dim` features.
  public init(_ dim: Int) {
    weight = Parameter([dim], kind: .norm, initial: .ones)
    bias = Parameter([dim], kind: .norm, initial: .zeros)
  }

  /// [..., dim] → [..., dim]
  public func callAsFunction(_ x: Variable) -> Variable {
    x.layerNorm(x.tape[weight], bias: x.tape[bias], epsilon: 1e-6)
  }
}
