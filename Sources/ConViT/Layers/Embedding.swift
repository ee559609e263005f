import Autodiff

/// A table with a row of features for each index, such as that of a word.
///
/// PyTorch equivalent: `nn.Embedding(count, dim)` with timm's start of embeddings.
public struct Embedding: Module {
  /// [count, dim]
  public let weight: Parameter

  /// `count` rows of `dim` features, which start as truncated normal numbers of σ = 0.02.
  public init(_ count: Int, _ dim: Int, initial: Initializer = .truncatedNormal(0.02)) {
    weight = Parameter([count, dim], kind: .embedding, initial: initial)
  }

  /// The rows of n indices in 0 ..< count: [n, dim]. An index may occur more than once; its row
  /// gets the sum of the derivatives.
  public func callAsFunction(_ indices: [Int], on tape: Tape) -> Variable {
    tape[weight].gathered(0, indices)
  }
}
