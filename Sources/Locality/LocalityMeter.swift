import Autodiff
import ConViT

/// Measures where the heads of a model look, inside of its real forward pass: each layer on what it
/// receives there.
///
/// ```swift
/// let meter = LocalityMeter(model, weights)
/// var statistics = meter.start
/// for images in batches { statistics.add(meter(images, on: pool)) }  // memory stays the same
/// print(meter.report(statistics).layers[0].nonlocality)
/// ```
public struct LocalityMeter: Sendable {
  let model: VisionTransformer
  private let weights: ParameterStore
  let frozen: FrozenWeights
  let grid: PatchGrid
  let distances: [Float]

  /// A measure of a model with these weights.
  public init(_ model: VisionTransformer, _ weights: ParameterStore) {
    self.model = model
    self.weights = weights
    frozen = FrozenWeights(weights)
    grid = model.configuration.grid
    distances = grid.distances()
  }

  /// What is known of no image.
  public var start: LocalityStatistics {
    LocalityStatistics(
      layers: model.blocks.map { LayerStatistics(heads: $0.attn.heads, patches: grid.count) })
  }

  /// What some images show, [B, channels, height, width], a few at a time on each thread.
  public func callAsFunction(_ images: Tensor, on pool: WorkerPool) -> LocalityStatistics {
    observed(images, on: pool).statistics
  }

  /// The same, and the logits [B, classes] of the forward pass that it was seen in.
  public func observed(
    _ images: Tensor, on pool: WorkerPool
  ) -> (logits: Tensor, statistics: LocalityStatistics) {
    let shards = Shards(for: model.configuration, batchSize: images.shape[0])
    let parts = shards.outputs(of: images.shape[0], at: frozen, on: pool) { range, tape in
      var statistics = start
      let logits = model(tape.constant(images.sliced(0, range))) { layer, input in
        let block = model.blocks[layer]
        statistics.layers[layer].add(block.attn.map(block.norm1(input)), distances: distances)
      }
      return (logits.value, statistics)
    }
    var sum = start
    for part in parts { sum.add(part.1) }
    return (.concatenated(parts.map(\.0), 0), sum)
  }

  /// What the statistics say of the model.
  public func report(_ statistics: LocalityStatistics) -> LocalityReport {
    LocalityReport(
      images: statistics.images, grid: [grid.rows, grid.columns],
      patchSize: model.configuration.patchSize, uniformNonlocality: grid.uniformNonlocality,
      layers: zip(model.blocks, statistics.layers).enumerated().map { layer, pair in
        self.layer(layer, pair.0.attn, pair.1)
      })
  }

  private func layer(
    _ layer: Int, _ attention: any Attention, _ statistics: LayerStatistics
  ) -> LocalityReport.Layer {
    let (heads, images) = (statistics.heads, Double(statistics.images))
    let positional = attention as? any PositionalAttention
    let nonlocality = heads.map(\.nonlocality.mean)
    let moments = heads.map { head in
      MapMoments(of: head.map.map { $0 / Float(images) }, on: grid)
    }
    let hasTokens = heads.contains { $0.tokenShare.mean != 0 }
    return LocalityReport.Layer(
      layer: layer, kind: .init(attention), nonlocality: nonlocality,
      nonlocalitySpread: heads.map(\.nonlocality.deviation),
      distancePixels: nonlocality.map { $0 * Double(model.configuration.patchSize) },
      entropy: heads.map(\.entropy.mean), centre: moments.map { [$0.x, $0.y] },
      width: moments.map(\.width),
      similarity: heads.indices.map { row in
        heads.indices.map { statistics.similarity[row * heads.count + $0] / images }
      },
      tokenShare: hasTokens ? heads.map(\.tokenShare.mean) : nil,
      gate: (attention as? GPSA)?.gates(weights),
      positional: positional?.positionalFits(weights))
  }
}

/// Sums over images about every head of a model.
public struct LocalityStatistics: Sendable {
  var layers: [LayerStatistics]

  /// The images that were seen.
  public var images: Int { layers.first?.images ?? 0 }

  /// Takes in what other images showed.
  public mutating func add(_ other: LocalityStatistics) {
    for index in layers.indices { layers[index].add(other.layers[index]) }
  }

  /// The mean attention of a head, patches only: [N · N], rows that sum to 1.
  public func meanMap(layer: Int, head: Int) -> [Float] {
    layers[layer].heads[head].map.map { $0 / Float(images) }
  }
}
