import Autodiff

/// Self-attention over a clip in which a patch looks at some of the others: the two steps of the
/// scheme `local-global` of ``TimeSformer``. Parameters are those of ``MHSA``.
///
/// No public code has it; the definition here follows section 3 of Bertasius et al. 2021:
///
/// - local: a patch looks at the window of all T frames × ⌈R/2⌉ rows × ⌈C/2⌉ columns around it,
///   which begins ⌊⌈R/2⌉/2⌋ rows and ⌊⌈C/2⌉/2⌋ columns before it and is moved into the frame where
///   it would reach beyond; the tokens in front of the patches look at everything;
/// - global: all tokens look at the patches of every other frame, row and column, from the first.
///
/// The tokens in front of the patches are looked at by all.
///
/// Keys and values of the local step are copied for each window, which takes memory: with 14 × 14
/// patches, 8 frames and 768 features, 154 MB a clip and block, and in training for all blocks at a
/// time unless they are recomputed.
public struct SparseAttention: Attention {
  /// Who looks at whom.
  public enum Pattern: String, Hashable, Sendable { case local, global }

  /// [3·H·D, dim]: queries, keys, values, each head by head.
  public let qkv: Linear
  /// [dim, H·D], [dim]
  public let proj: Linear
  /// The number of heads, H.
  public let heads: Int
  private let dropRate, attnDropRate: Float
  private let layout: SparseLayout

  init(_ pattern: Pattern, _ dense: MHSA, grid: ClipGrid, tokens: Int) {
    (qkv, proj, heads) = (dense.qkv, dense.proj, dense.heads)
    (dropRate, attnDropRate) = (dense.dropRate, dense.attnDropRate)
    layout = pattern == .local ? .local(grid, tokens) : .global(grid, tokens)
  }

  /// `mhsa`
  public var kind: String { "mhsa" }

  /// [B, K + T·N, dim] → [B, K + T·N, dim]
  public func callAsFunction(_ x: Variable) -> Variable { proj(mixed(x)).dropout(dropRate) }

  /// [B, K + T·N, dim] → [B, K + T·N or count, dim]
  public func callAsFunction(
    _ x: Variable, first count: Int?, onto residual: Residual
  ) -> Variable {
    proj(mixed(x).tokens(count), onto: residual, dropRate: dropRate)
  }

  /// Zero where a token does not look: [B, K + T·N, dim] → [B, H, K + T·N, K + T·N].
  public func attentionWeights(_ x: Variable) -> Variable? { dense(qkv(x)).weights }

  private var width: Int { proj.inputs }

  /// The same as of one attention over all tokens, most of which are forbidden.
  private func dense(_ qkv: Variable) -> HeadScores {
    HeadScores(
      q: Heads(qkv, count: heads, of: width), k: Heads(qkv, from: width, count: heads, of: width),
      bias: qkv.tape.constant(layout.mask()))
  }

  private func mixed(_ x: Variable) -> Variable {
    checkPrecondition(
      x.shape.rank == 3 && x.shape[1] == layout.count,
      "SparseAttention: tokens \(x.shape), expected [B, \(layout.count), dim]")
    if x.tape.isUsed("map", of: proj.weight, above: 2) {
      let qkv = qkv(x)
      let v = Heads(qkv, from: 2 * width, count: heads, of: width)
      return dense(qkv).mixing(v, dropRate: attnDropRate, to: proj)
    }
    let (batch, q) = (x.shape[0], qkv(x, rows: 0..<width))
    let kv = qkv(layout.seen.map { x.gathered(1, $0) } ?? x, rows: width..<3 * width)
    /// Some tokens for each of `count` groups: [B, tokens, C] → [B, groups, n, C].
    func grouped(_ x: Variable, _ places: [Int]?, _ count: Int) -> Variable {
      let x = places.map { x.gathered(1, $0) } ?? x
      return x.reshaped(Shape(batch, count, x.shape[1] / count, x.shape[2]))
    }
    let parts = layout.groups.map { group in
      let kv = grouped(kv, group.keys, group.count)
      let y = Variable.attention(
        Heads(grouped(q, group.queries, group.count), count: heads, of: width),
        Heads(kv, count: heads, of: width), Heads(kv, from: width, count: heads, of: width),
        dropRate: attnDropRate)
      return y.reshaped(Shape(batch, y.shape[1] * y.shape[2], width))
    }
    let y = Variable.concatenated(parts, 1)
    return layout.order.map { y.gathered(1, $0) } ?? y
  }
}
