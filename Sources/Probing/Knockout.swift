import Autodiff
import ConViT

/// Which tokens of a layer look at which: the edges of a graph that attention knock-out removes.
/// Distances are Euclidean, in patches, as in the non-locality of d'Ascoli et al. 2021.
public enum AttentionEdges: Hashable, Sendable {
  /// Of each patch to itself.
  case own
  /// Of each patch to other patches, up to this distance.
  case near(Double)
  /// Of each patch to other patches that are farther away.
  case far(Double)
  /// Of the class token, and other tokens in front, to the patches.
  case fromTokens
  /// Of the patches to the class token, and other tokens in front.
  case toTokens

  /// Whether a query of a layer with `tokens` in front of the patches looks at a key along one of
  /// these edges.
  func contains(query: Int, key: Int, tokens: Int, grid: PatchGrid) -> Bool {
    let (from, to) = (query - tokens, key - tokens)
    switch self {
    case .fromTokens: return from < 0 && to >= 0
    case .toTokens: return from >= 0 && to < 0
    case .own: return from >= 0 && from == to
    case .near(let limit):
      return from >= 0 && to >= 0 && from != to && grid.distance(from, to) <= limit
    case .far(let limit):
      return from >= 0 && to >= 0 && from != to && grid.distance(from, to) > limit
    }
  }

  /// Whether a layer has such edges.
  func areThere(tokens: Int, grid: PatchGrid) -> Bool {
    switch self {
    case .fromTokens, .toTokens: tokens > 0
    case .own: true
    case .near(let limit): grid.count > 1 && limit >= 1
    case .far(let limit): grid.distance(0, grid.count - 1) > limit
    }
  }
}

extension Intervention {
  /// A model in which no head of a layer looks along some edges, layer by layer (`blocks.3.attn`),
  /// or head by head (`blocks.3.attn.head.2`), and last in all blocks together (`all blocks`); none
  /// where the model has no such edges. Attentions of one's own have no weights to change: a model
  /// with one stops the program.
  public static func knockouts(
    of model: VisionTransformer, _ edges: AttentionEdges, byHead: Bool = false
  ) -> [Intervention] {
    let (configuration, grid) = (model.configuration, model.configuration.grid)
    let layers = model.blocks.indices.filter {
      edges.areThere(tokens: configuration.tokens(inLayer: $0), grid: grid)
    }
    let left = layers.map { layer in
      let tokens = configuration.tokens(inLayer: layer)
      return model.edges(ofLayer: layer) {
        edges.contains(query: $0, key: $1, tokens: tokens, grid: grid)
      }
    }
    let whole = zip(layers, left).map { layer, left in
      Intervention(
        "blocks.\(layer).attn", model.knockingOut(left, heads: nil, inLayer: layer))
    }
    guard let first = whole.first else { return [] }
    let all = whole.dropFirst().reduce(first.edits) { $0 + $1.edits }
    let parts =
      byHead
      ? zip(layers, left).flatMap { layer, left in
        (0..<model.blocks[layer].attn.heads).map { head in
          Intervention(
            "blocks.\(layer).attn.head.\(head)",
            model.knockingOut(left, heads: [head], inLayer: layer))
        }
      } : whole
    return parts + [Intervention("all blocks", all)]
  }
}

extension PatchGrid {
  /// Between two patches, counted row by row, in patches.
  fileprivate func distance(_ a: Int, _ b: Int) -> Double {
    let (x, y) = (Double(a % columns - b % columns), Double(a / columns - b / columns))
    return (x * x + y * y).squareRoot()
  }
}
