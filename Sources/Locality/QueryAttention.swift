import Autodiff
import ConViT

package enum AttentionQuery: Hashable, Sendable {
  /// From the top and from the left, from 0.
  case patch(row: Int, column: Int)
  case classToken

  /// As `AttentionMaps` counts queries: the place of a patch, or −1.
  func index(in grid: PatchGrid) -> Int {
    guard case .patch(let row, let column) = self else { return -1 }
    checkPrecondition(
      (0..<grid.rows).contains(row) && (0..<grid.columns).contains(column),
      "AttentionQuery: no patch (\(row), \(column)) among \(grid.rows) × \(grid.columns)")
    return row * grid.columns + column
  }
}

/// What one query gives to each patch of an image, layer by layer and head by head, or to each of a
/// clip whose frames lie beside each other.
///
/// Of the maps of a layer no more is kept than the rows of the query.
package struct QueryAttention: Sendable {
  /// One attention of a layer.
  package struct Layer: Sendable {
    package let layer: Int
    /// Which attention of the layer, where it has several: "time".
    package var step: String?
    /// What the query gives to each patch, by head: [H][N]. What class and distillation tokens
    /// receive is missing in the sum.
    package let heads: [[Float]]
    /// Other maps of the query, [N] each: attention rollout from the first layer to this one, if it
    /// was asked for; of clips, the mean over the heads and what reaches the query.
    package let others: [Map]
    /// What each patch gets of attention that looks everywhere alike; none where that depends on
    /// the query.
    package let uniform: Double?
    /// The share of the positional attention, of GPSA.
    package let gates: [Double]?
    /// The Gaussians of the positional attention, where that alone was asked for.
    package let positional: [PositionalFit]?

    package var isFinite: Bool { (heads + others.map(\.values)).joined().allSatisfy(\.isFinite) }

    package var rollout: [Float]? { others.first { $0.name == "rollout" }?.values }
  }

  package struct Map: Sendable {
    package let name: String
    package let values: [Float]
  }

  package let grid: PatchGrid
  /// How many frames lie beside each other in the grid: 1 of an image.
  package var frames = 1
  package let query: AttentionQuery
  package let layers: [Layer]
}

extension QueryAttention {
  /// The attention to an image [1, channels, height, width] in the forward pass of a model; the
  /// query is a token of each of the layers.
  package init(
    _ model: VisionTransformer, _ weights: FrozenWeights, image: Tensor, query: AttentionQuery,
    layers chosen: Set<Int>, withRollout: Bool = false
  ) {
    let grid = model.configuration.grid
    let place = query.index(in: grid)
    var layers: [Layer] = []
    var means: [Tensor] = []
    let looked = model.blocks.indices.filter { withRollout || chosen.contains($0) }
    let places = looked.map(AttentionMaps.place)
    let tape = Tape(weights)
    tape.showing(Taps(places)) { map in
      guard let layer = places.firstIndex(of: map.place).map({ looked[$0] }) else { return }
      let (block, maps) = (model.blocks[layer], map.value.removingFirstAxis)
      if withRollout { means.append(tape.constant(maps).mean(0, keepingAxis: true).value) }
      guard chosen.contains(layer) else { return }
      let one = AttentionMaps(grid: grid, layers: [maps])
      layers.append(
        Layer(
          layer: layer,
          heads: (0..<block.attn.heads).map { one.row(layer: 0, head: $0, query: place) },
          others: withRollout
            ? [
              Map(
                name: "rollout",
                values: AttentionMaps(grid: grid, layers: means).rollout(query: place))
            ] : [],
          uniform: 1 / Double(grid.count), gates: block.attn.gates(weights.weights), positional: nil
        ))
    } _: {
      _ = model(tape.constant(image))
    }
    checkPrecondition(
      layers.count == chosen.count,
      "QueryAttention: of layers \(chosen.sorted()), not all have weights to look at")
    self.init(grid: grid, query: query, layers: layers)
  }

  /// The attention by position alone of GPSA or PSA layers, without an image.
  package init(
    positionOf model: VisionTransformer, _ weights: FrozenWeights, query: AttentionQuery,
    layers chosen: Set<Int>
  ) {
    let grid = model.configuration.grid
    let place = query.index(in: grid)
    let layers = chosen.sorted().map { layer in
      guard let attention = model.blocks[layer].attn as? any PositionalAttention else {
        fatalError("QueryAttention: layer \(layer) has no positional attention")
      }
      let map = AttentionMaps(grid: grid, layers: [attention.position(Tape(weights)).value])
      return Layer(
        layer: layer,
        heads: (0..<attention.heads).map { map.row(layer: 0, head: $0, query: place) },
        others: [], uniform: 1 / Double(grid.count), gates: attention.gates(weights.weights),
        positional: attention.positionalFits(weights.weights))
    }
    self.init(grid: grid, query: query, layers: layers)
  }
}
