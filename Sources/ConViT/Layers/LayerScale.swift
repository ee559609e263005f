import Autodiff

/// A learned factor for each feature, small at first, behind a part of a block (Touvron et al.
/// 2021, "Going deeper with image transformers", arXiv:2103.17239).
///
/// PyTorch equivalent: timm's `LayerScale(dim, init_values=…)`.
public struct LayerScale: Module {
  /// γ, [dim].
  public let gamma: Parameter

  /// Factors of `dim` features, all of which start as `initial`.
  public init(_ dim: Int, initial: Float) {
    gamma = Parameter([dim], kind: .norm, initial: .constant(initial))
  }

  /// γ · x: [..., dim] → [..., dim]
  public func callAsFunction(_ x: Variable) -> Variable { x * x.tape[gamma] }
}
