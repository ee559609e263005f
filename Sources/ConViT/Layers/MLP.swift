import Autodiff

/// The two-layer perceptron of a block: fc2(GELU(fc1(x))), or with another activation.
///
/// PyTorch equivalent: timm's `Mlp(dim, hidden, act_layer=nn.GELU, drop=…)`.
public struct MLP: Module {
  /// [hidden, dim], [hidden]
  public let fc1: Linear
  /// [dim, hidden], [dim]
  public let fc2: Linear
  private let dropRate: Float
  private let activation: (@Sendable (Variable) -> Variable)?

  /// A perceptron of `hidden` units, with dropout after each layer; the activation, a function
  /// without parameters of its own, is GELU if nil.
  public init(
    _ dim: Int, hidden: Int, dropRate: Float = 0,
    activation: (@Sendable (Variable) -> Variable)? = nil
  ) {
    fc1 = Linear(dim, hidden)
    fc2 = Linear(hidden, dim)
    (self.dropRate, self.activation) = (dropRate, activation)
  }

  /// [..., dim] → [..., dim]
  public func callAsFunction(_ x: Variable) -> Variable {
    fc2(units(x)).dropout(dropRate)
  }

  /// The same added to what goes around it.
  func callAsFunction(_ x: Variable, onto residual: Residual) -> Variable {
    fc2(units(x), onto: residual, dropRate: dropRate)
  }

  /// [..., dim] → [..., hidden]; `Taps` see what comes before the activation as `fc1.output`.
  private func units(_ x: Variable) -> Variable {
    if activation == nil, !x.tape.isTapped("output", of: fc1.weight) {
      return fc1.gelu(x).dropout(dropRate)  // in one pass with the bias
    }
    let y = fc1(x).tapped(as: "output", of: fc1.weight)
    return (activation.map { $0(y) } ?? y.gelu()).dropout(dropRate)
  }
}
