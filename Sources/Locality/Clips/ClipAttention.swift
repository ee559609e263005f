import Autodiff
import ConViT

/// Who asks where a model of clips looks.
package enum ClipQuery: Hashable, Sendable {
  /// A frame, and from the top and from the left, all from 0.
  case patch(frame: Int, row: Int, column: Int)
  case classToken

  /// Its place among the patches of the clip, or −1.
  func index(frames: Int, grid: PatchGrid) -> Int {
    guard case .patch(let frame, let row, let column) = self else { return -1 }
    checkPrecondition(
      (0..<frames).contains(frame) && (0..<grid.rows).contains(row)
        && (0..<grid.columns).contains(column),
      "ClipQuery: no patch (\(frame), \(row), \(column)) among \(frames) × \(grid.rows) × "
        + "\(grid.columns)")
    return frame * grid.count + row * grid.columns + column
  }
}

/// What one query gives to each patch of each frame, layer by layer, step by step, head by head.
package struct ClipAttention: Sendable {
  /// One attention of a layer.
  package struct Step: Sendable {
    package let reach: ClipStep.Reach
    /// What each patch gets of attention that looks alike at all that it can; none where that
    /// depends on the query.
    package let uniform: Double?
    /// What the query gives to each patch, by head, 0 where it does not look: [H][T·N]. What class
    /// and distillation tokens receive is missing in the sum.
    package let heads: [[Float]]
    /// The share of the positional attention, of GPSA.
    package let gates: [Double]?
  }

  package struct Layer: Sendable {
    package let layer: Int
    /// In the order in which they are applied. Steps that the query has no part in are missing: of
    /// the class token, those in time.
    package let steps: [Step]
    /// What reaches the query through all steps of the layer, [T·N]: for `divided` and a patch p of
    /// frame t, Σ over the patches p′ of its frame, S(t, p → p′) · A(p′, t → t′), each map the mean
    /// over its heads. It is the product of the attentions, without what goes around them.
    package let reach: [Float]
  }

  package let frames: Int
  package let grid: PatchGrid
  package let query: ClipQuery
  /// How many attentions a layer has, whether the query has a part in all of them or not.
  package let stepCount: Int
  package let layers: [Layer]
}

extension ClipAttention {
  /// The attention to a clip, [1, T, channels, height, width], in the forward pass of a model; the
  /// query is a token of each of the layers.
  package init(
    _ model: TimeSformer, _ weights: FrozenWeights, clip: Tensor, query: ClipQuery,
    layers chosen: Set<Int>
  ) {
    let configuration = model.configuration
    let grid = configuration.image.grid
    let place = query.index(frames: configuration.frames, grid: grid)
    let steps = configuration.steps
    func name(_ layer: Int, _ step: ClipStep) -> String { "blocks.\(layer).\(step.map)" }
    /// What a layer's maps say of the query.
    func layer(_ layer: Int, _ all: [ClipMaps]) -> Layer {
      let seen = all.filter { place >= 0 || $0.tokens > 0 }
      checkPrecondition(!seen.isEmpty, "ClipAttention: layer \(layer) has no class token")
      var reach = seen.last.map { $0.meanRow(query: place) } ?? []
      // A class token asks in the last step; what it takes of patches went through all before.
      for maps in all.dropLast().reversed() { reach = maps.before(reach) }
      return Layer(
        layer: layer,
        steps: seen.map { maps in
          Step(
            reach: maps.step.reach, uniform: maps.step.uniform,
            heads: (0..<maps.heads).map { maps.row(head: $0, query: place) },
            gates: maps.step.attention(of: model.blocks[layer])?.gates(weights.weights))
        }, reach: reach)
    }
    let chosen = chosen.sorted()
    var layers: [Layer] = []
    var maps: [ClipMaps] = []  // of the layer that the pass is at
    let tape = Tape(weights)
    tape.showing(Taps(chosen.flatMap { layer in steps.map { name(layer, $0) } })) { map in
      guard layers.count < chosen.count else { return }
      let (index, step) = (chosen[layers.count], steps[maps.count])
      guard map.place == name(index, step) else { return }
      maps.append(ClipMaps(step, map.value))
      guard maps.count == steps.count else { return }
      layers.append(layer(index, maps))
      maps = []
    } _: {
      _ = model(tape.constant(clip))
    }
    checkPrecondition(
      layers.count == chosen.count,
      "ClipAttention: of layers \(chosen), not all have weights to look at")
    self.init(
      frames: configuration.frames, grid: grid, query: query, stepCount: steps.count,
      layers: layers)
  }
}
