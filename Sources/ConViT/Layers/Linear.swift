import Autodiff

/// An affine map of the last axis: x · Wᵀ + b.
///
/// PyTorch equivalent: `nn.Linear(inputs, outputs)` with timm's start.
public struct Linear: Module {
  /// [out, in]
  public let weight: Parameter
  /// [out]
  public let bias: Parameter?

  var inputs: Int { weight.shape[1] }

  /// A map from `inputs` to `outputs` features; weights start as timm's ViT starts them (truncated
  /// normal of σ = 0.02), biases as zeros.
  public init(
    _ inputs: Int, _ outputs: Int, bias: Bool = true, kind: Parameter.Kind = .weight,
    initial: Initializer = .truncatedNormal(0.02)
  ) {
    weight = Parameter([outputs, inputs], kind: kind, initial: initial)
    self.bias = bias ? Parameter([outputs], kind: .bias, initial: .zeros) : nil
  }

  /// [..., in] → [..., out]
  public func callAsFunction(_ x: Variable) -> Variable {
    x.linear(x.tape[weight], bias: bias.map { x.tape[$0] })
  }

  /// GELU of the map, in one pass: [..., in] → [..., out].
  func gelu(_ x: Variable) -> Variable {
    let weight = x.tape[weight]
    return bias.map { x.linearGELU(weight, bias: x.tape[$0]) } ?? x.linear(weight).gelu()
  }

  func callAsFunction(_ x: Variable, rows: Range<Int>) -> Variable {
    x.linear(x.tape[weight].sliced(0, rows), bias: bias.map { x.tape[$0].sliced(0, rows) })
  }
}
