import Autodiff
import ConViT

/// Measures how far the heads of a `TimeSformer` look in space and in time, inside of its real
/// forward pass: what ``LocalityMeter`` does for images.
///
/// ```swift
/// let meter = ClipLocalityMeter(model, FrozenWeights(weights))
/// var statistics = meter.emptyStatistics
/// for clips in batches { meter.add(clips, to: &statistics, on: pool) }  // memory stays the same
/// print(meter.report(statistics).layers[0].steps[0].frameDistance ?? [])
/// ```
public struct ClipLocalityMeter: Sendable {
  private let model: TimeSformer
  private let weights: FrozenWeights
  private let steps: [ClipStep]
  /// The attentions, layer by layer and step by step, by the places of their maps.
  private let places: [String: Int]

  /// A measure of a model with these weights.
  public init(_ model: TimeSformer, _ weights: FrozenWeights) {
    (self.model, self.weights, steps) = (model, weights, model.configuration.steps)
    let names = model.blocks.indices.flatMap { [steps] layer in
      steps.map { "blocks.\(layer).\($0.map)" }
    }
    places = Dictionary(uniqueKeysWithValues: zip(names, names.indices))
  }

  /// What is known of no clip.
  public var emptyStatistics: ClipLocalityStatistics {
    let all = model.blocks.flatMap { block in
      steps.map { ClipStatistics($0, heads: $0.attention(of: block)?.heads ?? 1) }
    }
    return ClipLocalityStatistics(lanes: Array(repeating: all, count: 4))
  }

  /// Adds what some clips show, [B, T, channels, height, width], a few at a time on each thread,
  /// and returns the logits of the same forward pass, [B, classes].
  @discardableResult
  public func add(
    _ clips: Tensor, to statistics: inout ClipLocalityStatistics, on pool: WorkerPool
  ) -> Tensor {
    model.logits(of: clips, at: weights, on: pool, showing: places, into: &statistics.lanes) {
      $1.add($0)
    }
  }

  /// What the statistics say of the model. Attentions without weights to look at are left out.
  public func report(_ statistics: ClipLocalityStatistics) -> ClipLocalityReport {
    let configuration = model.configuration
    let grid = configuration.image.grid
    return ClipLocalityReport(
      clips: statistics.clips, frames: configuration.frames, grid: [grid.rows, grid.columns],
      patchSize: configuration.image.patchSize, scheme: configuration.scheme.rawValue,
      layers: model.blocks.enumerated().map { layer, block in
        ClipLocalityReport.Layer(
          layer: layer,
          steps: steps.enumerated().compactMap { index, step in
            let sums = statistics[layer * steps.count + index]
            guard sums.clips == statistics.clips else { return nil }
            return step.attention(of: block).map { self.step(step, $0, sums) }
          })
      })
  }

  private func step(
    _ step: ClipStep, _ attention: any Attention, _ sums: ClipStatistics
  ) -> ClipLocalityReport.Step {
    let heads = sums.heads
    let (isInTime, isInSpace) = (step.frames > 1, step.patches.count > 1)
    let places = isInSpace ? heads.map { $0.places.mean ?? .nan } : nil
    let hasTokens = heads.contains { $0.tokenShare.mean != 0 }
    return ClipLocalityReport.Step(
      reach: step.reach.rawValue, kind: .init(rawValue: attention.kind),
      frameDistance: isInTime ? heads.map { $0.frames.mean ?? .nan } : nil,
      frameDistanceSpread: isInTime ? heads.map { $0.frames.deviation ?? 0 } : nil,
      nonlocality: places,
      nonlocalitySpread: isInSpace ? heads.map { $0.places.deviation ?? 0 } : nil,
      distancePixels: places?.map { $0 * Double(model.configuration.image.patchSize) },
      uniformFrameDistance: step.uniformFrameDistance,
      uniformNonlocality: step.uniformNonlocality,
      entropy: heads.map { $0.entropy.mean ?? .nan },
      tokenShare: hasTokens ? heads.map { $0.tokenShare.mean ?? .nan } : nil,
      gate: attention.gates(weights.weights),
      profile: isInTime ? heads.indices.map(sums.profile) : nil)
  }
}

/// Sums over clips about every head of a model.
public struct ClipLocalityStatistics: Sendable {
  /// By lane and attention: a lane is added to by one thread at a time.
  var lanes: [[ClipStatistics]]

  /// The clips that were seen.
  public var clips: Int { lanes.reduce(0) { $0 + ($1.map(\.clips).max() ?? 0) } }

  subscript(attention: Int) -> ClipStatistics {
    total(of: attention, in: lanes)
  }
}
