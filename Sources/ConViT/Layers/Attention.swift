import Autodiff

/// Something that mixes the tokens of a sequence: [..., N, dim] → [..., N, dim].
public protocol Attention: Module {
  /// The number of heads, H.
  var heads: Int { get }

  /// [..., N, dim] → [..., N, dim]
  func callAsFunction(_ x: Variable) -> Variable

  /// The first `count` tokens of the result alone, which may cost less: [..., count, dim].
  func callAsFunction(_ x: Variable, first count: Int) -> Variable
}

extension Attention {
  public func callAsFunction(_ x: Variable, first count: Int) -> Variable {
    self(x).sliced(-2, 0..<count)
  }
}
