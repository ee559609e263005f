import Autodiff
import ConViT

/// Measures where the heads of a model look, inside of its real forward pass: each layer on what it
/// receives there.
///
/// ```swift
/// let meter = LocalityMeter(model, FrozenWeights(weights))
/// var statistics = meter.emptyStatistics
/// for images in batches { meter.add(images, to: &statistics, on: pool) }  // memory stays the same
/// print(meter.report(statistics).layers[0].nonlocality)
/// ```
public struct LocalityMeter: Sendable {
  package let model: VisionTransformer
  package let weights: FrozenWeights
  let grid: PatchGrid
  let distances: [Float]
  /// The layers by the places of their attention's maps.
  private let places: [String: Int]

  /// A measure of a model with these weights.
  public init(_ model: VisionTransformer, _ weights: FrozenWeights) {
    (self.model, self.weights) = (model, weights)
    grid = model.configuration.grid
    distances = grid.distances()
    places = Dictionary(
      uniqueKeysWithValues: model.blocks.indices.map { (AttentionMaps.place(layer: $0), $0) })
  }

  /// Statistics of no image yet, to add to.
  public var emptyStatistics: LocalityStatistics {
    let layers = model.blocks.map { LayerStatistics(heads: $0.attn.heads, patches: grid.count) }
    return LocalityStatistics(lanes: Array(repeating: layers, count: 4))
  }

  /// Adds what some images show, [B, channels, height, width], a few at a time on each thread, and
  /// returns the logits of the same forward pass, [B, classes].
  @discardableResult
  public func add(
    _ images: Tensor, to statistics: inout LocalityStatistics, on pool: WorkerPool
  ) -> Tensor {
    model.logits(of: images, at: weights, on: pool, showing: places, into: &statistics.lanes) {
      $1.add($0, distances: distances)
    }
  }

  /// What the statistics say of the model. Layers whose attention has no weights to look at are
  /// left out.
  public func report(_ statistics: LocalityStatistics) -> LocalityReport {
    LocalityReport(
      images: statistics.images, grid: [grid.rows, grid.columns],
      patchSize: model.configuration.patchSize, uniformNonlocality: grid.uniformNonlocality,
      layers: model.blocks.enumerated().compactMap { index, block in
        let sums = statistics[index]
        return sums.images == statistics.images ? layer(index, block.attn, sums) : nil
      })
  }

  private func layer(
    _ layer: Int, _ attention: any Attention, _ statistics: LayerStatistics
  ) -> LocalityReport.Layer {
    let (heads, images) = (statistics.heads, Double(statistics.images))
    let positional = attention as? any PositionalAttention
    let nonlocality = heads.map { $0.nonlocality.mean ?? .nan }
    let moments = heads.map { head in
      MapMoments(of: head.map.map { $0 / Float(images) }, on: grid)
    }
    let hasTokens = heads.contains { $0.tokenShare.mean != 0 }
    return LocalityReport.Layer(
      layer: layer, kind: .init(rawValue: attention.kind), nonlocality: nonlocality,
      nonlocalitySpread: heads.map { $0.nonlocality.deviation ?? 0 },
      distancePixels: nonlocality.map { $0 * Double(model.configuration.patchSize) },
      entropy: heads.map { $0.entropy.mean ?? .nan }, centre: moments.map { [$0.x, $0.y] },
      width: moments.map(\.width),
      similarity: heads.indices.map { row in
        heads.indices.map { statistics.similarity[row * heads.count + $0] / images }
      },
      tokenShare: hasTokens ? heads.map { $0.tokenShare.mean ?? .nan } : nil,
      gate: attention.gates(weights.weights),
      positional: positional?.positionalFits(weights.weights))
  }
}

/// Sums over images about every head of a model.
public struct LocalityStatistics: Sendable {
  /// By lane and layer: a lane is added to by one thread at a time.
  var lanes: [[LayerStatistics]]

  /// The images that were seen.
  public var images: Int { lanes.reduce(0) { $0 + ($1.map(\.images).max() ?? 0) } }

  subscript(layer: Int) -> LayerStatistics {
    total(of: layer, in: lanes)
  }

  /// Puts the statistics of all processes of a group together, which then all have.
  package mutating func sum(over group: any ProcessGroup) throws {
    guard group.count > 1 else { return }
    let own = lanes[0].indices.map { self[$0] }
    var all = try group.exchange(own.map(\.withoutMaps))
    for other in all.dropFirst() {
      for (layer, sums) in other.enumerated() { all[0][layer].add(sums) }
    }
    for (layer, sums) in own.enumerated() {  // maps are long, and added up by themselves
      let maps = try sums.heads.map { head in
        let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: head.map.count)
        defer { buffer.deallocate() }
        _ = buffer.initialize(from: head.map)
        try group.sum([buffer])
        return Array(buffer)
      }
      all[0][layer].set(maps: maps)
    }
    lanes = [all[0]]
  }
}

extension LocalityMeter {
  /// The non-locality that the published code logs, [layers][H]: every layer is fed the patch
  /// embedding of the images, without position embedding, normalisation or class token, whatever
  /// it receives in the model. To compare with published logs, and for nothing else. Layers without
  /// weights to look at are left out, as in a report.
  package func referenceNonlocality(_ images: Tensor) -> [[Double]] {
    let tape = Tape(weights)
    let embedded = model.patchEmbed(tape.constant(images))
    return model.blocks.compactMap { block in
      guard let weights = block.attn.attentionWeights(embedded)?.value else { return nil }
      var statistics = LayerStatistics(heads: block.attn.heads, patches: grid.count)
      statistics.add(weights, distances: distances)
      return statistics.heads.map { $0.nonlocality.mean ?? .nan }
    }
  }
}

extension PatchGrid {
  /// ‖δ_ij‖, how far patch j is from patch i, in patches: [N · N], row by row.
  package func distances() -> [Float] {
    let squares = offsets().elements
    return (0..<count * count).map { squares[3 * $0 + 2].squareRoot() }
  }

  /// The non-locality of attention that looks everywhere alike, the yardstick for all others:
  /// Σ_ij ‖δ_ij‖ / N², in patches. 7.2808 for 14 × 14.
  package var uniformNonlocality: Double {
    distances().reduce(0) { $0 + Double($1) } / Double(count * count)
  }
}
