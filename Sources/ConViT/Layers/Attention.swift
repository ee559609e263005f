import Autodiff

/// Something that mixes the tokens of a sequence: [..., N, dim] → [..., N, dim].
public protocol Attention: Module {
  /// The number of heads, H.
  var heads: Int { get }

  /// [..., N, dim] → [..., N, dim]
  func callAsFunction(_ x: Variable) -> Variable
}
