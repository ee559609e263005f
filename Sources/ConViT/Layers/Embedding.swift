import Autodiff

/// A table with a row of features for each of some things, such as words.
///
/// PyTorch equivalent: `nn.Embedding(count, dim)` with timm's start of embeddings.
public struct Embedding: Module {
  /// [count, dim]
  public let weight: Parameter

  /// Rows of `dim` features for `count` things, which start as truncated normal numbers of σ =
  /// 0.02.
  public init(_ count: Int, _ dim: Int, initial: Initializer = .truncatedNormal(0.02)) {
    weight = Parameter([count, dim], kind: .embedding, initial: initial)
  }

  /// The rows of some things, numbered from 0: n numbers → [n, dim]. A thing may come more than
  /// once; its row gets the sum of the derivatives.
  public func callAsFunction(_ things: [Int], on tape: Tape) -> Variable {
    tape[weight].gathered(0, things)
  }
}
