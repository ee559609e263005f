import Autodiff
import Foundation

/// Something that mixes the tokens of a sequence. One of your own is a function; all else has a
/// default, and what you write yourself is called in its place.
///
/// ```swift
/// struct Mean: Attention {  // every token looks at all alike
///   func callAsFunction(_ x: Variable) -> Variable {
///     x.mean(-2, keepingAxis: true).broadcast(to: x.shape)
///   }
/// }
/// model.blocks[11].attn = Mean()
/// ```
public protocol Attention: Module {
  /// [..., N, dim] → [..., N, dim]
  func callAsFunction(_ x: Variable) -> Variable

  /// The same of all tokens, or of the first `count` alone, which may cost less, added to what goes
  /// around: [..., N, dim] → [..., N or count, dim]. It is what `Block` calls; by default, it calls
  /// the function above.
  func callAsFunction(_ x: Variable, first count: Int?, onto residual: Residual) -> Variable

  /// How much each token's result takes from each token, head by head, to look at; rows sum to 1:
  /// [..., N, dim] → [..., H, N, N]. Nil, which is the default, where there is no such thing. A
  /// block shows them as `attn.map` (`Taps`).
  func attentionWeights(_ x: Variable) -> Variable?

  /// The number of heads, H, that weights are of; 1 by default.
  var heads: Int { get }

  /// What reports call it: `gpsa`, `mhsa`, `psa`, and by default the type's name.
  var kind: String { get }

  /// [H]: λ, of which σ is the share of position in a head's weights; nil, which is the default,
  /// without such gates.
  var gateLogits: Parameter? { get }
}

extension Attention {
  /// The function's first tokens, added to what goes around it.
  public func callAsFunction(
    _ x: Variable, first count: Int?, onto residual: Residual
  ) -> Variable {
    residual.adding(self(x).tokens(count))
  }

  /// Nothing to look at.
  public func attentionWeights(_ x: Variable) -> Variable? { nil }

  /// One head.
  public var heads: Int { 1 }

  /// The type's name.
  public var kind: String { "\(Self.self)" }

  /// No gates.
  public var gateLogits: Parameter? { nil }

  /// The share of position in each head's weights, σ(λ); nil without gates.
  package func gates(_ weights: ParameterStore) -> [Double]? {
    gateLogits.map { weights[$0].elements.map { 1 / (1 + exp(-Double($0))) } }
  }

  /// Their mean over the heads.
  package func meanGate(_ weights: ParameterStore) -> Double? {
    gates(weights).map { $0.reduce(0, +) / Double($0.count) }
  }
}

extension Variable {
  /// The first `count` tokens, or all: [..., N, dim] → [..., count, dim].
  func tokens(_ count: Int?) -> Variable { count.map { sliced(-2, 0..<$0) } ?? self }
}
