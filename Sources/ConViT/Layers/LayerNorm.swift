import Autodiff

/// Layer normalisation over the last axis.
///
/// PyTorch equivalent: `nn.LayerNorm(dim, eps=1e-6)`; most vision transformers have this ε.
public struct LayerNorm: Module {
  /// [dim], 1 at first.
  public let weight: Parameter
  /// [dim], 0 at first.
  public let bias: Parameter
  let epsilon: Float

  /// A normalisation of `dim` features, whose `weight` [dim] starts as ones and `bias` [dim] as
  /// zeros; `epsilon` is added to the variance.
  public init(_ dim: Int, epsilon: Float = 1e-6) {
    weight = Parameter([dim], kind: .norm, initial: .ones)
    bias = Parameter([dim], kind: .norm, initial: .zeros)
    self.epsilon = epsilon
  }

  /// [..., dim] → [..., dim]
  public func callAsFunction(_ x: Variable) -> Variable {
    x.layerNorm(x.tape[weight], bias: x.tape[bias], epsilon: epsilon)
  }
}
