import Files

/// How far the attention of a model of clips reaches in space and in time, by layer, step and head.
public struct ClipLocalityReport: Hashable, Sendable, Codable {
  /// Clips that were averaged over.
  public let clips: Int
  /// Frames of a clip.
  public let frames: Int
  /// Rows and columns of patches of a frame.
  public let grid: [Int]
  /// Pixels of a patch's side.
  public let patchSize: Int
  /// Which patches look at which: "divided".
  public let scheme: String
  /// From the first layer to the last.
  public let layers: [Layer]

  /// A layer's attentions, in the order in which they are applied.
  public struct Layer: Hashable, Sendable, Codable {
    /// The layer, from 0.
    public let layer: Int
    /// One for most schemes, two for `divided` and `local-global`, three for `axial`.
    public let steps: [Step]
  }

  /// The heads of one attention, each list in their order.
  public struct Step: Hashable, Sendable, Codable {
    /// What a patch looks at: `time` (its place in all frames), `frame`, `row`, `column`, `clip`,
    /// `window` or `sparse`.
    public let reach: String
    /// `mhsa`, or `gpsa` or `psa` within the frames of a ConViT.
    public let kind: LocalityReport.Kind
    /// Σ A |t − t′| averaged over queries and clips, in frames, and its standard deviation over
    /// clips; none of attention within a frame.
    public let frameDistance, frameDistanceSpread: [Double]?
    /// Σ A ‖δ‖ averaged over queries and clips, in patches, its standard deviation, and the same in
    /// pixels; none of attention in time alone.
    public let nonlocality, nonlocalitySpread, distancePixels: [Double]?
    /// Both distances of attention that looks alike at all that the step can look at:
    /// (T² − 1) / 3T frames, and the mean distance in the frame, the row or the column. None where
    /// that depends on the query (`window`, `sparse`).
    public let uniformFrameDistance, uniformNonlocality: Double?
    /// The entropy of a query's attention in nats.
    public let entropy: [Double]
    /// What queries give to the class and distillation tokens, where there are any.
    public let tokenShare: [Double]?
    /// σ(λ), of GPSA.
    public let gate: [Double]?
    /// What frames give to each other, [H][T][T], rows from the frame that looks; none of attention
    /// within a frame.
    public let profile: [[[Double]]]?

    enum CodingKeys: String, CodingKey {
      case reach, kind, nonlocality, entropy, gate
      case frameDistance = "frame_distance"
      case frameDistanceSpread = "frame_distance_sd"
      case nonlocalitySpread = "nonlocality_sd"
      case distancePixels = "distance_px"
      case uniformFrameDistance = "uniform_frame_distance"
      case uniformNonlocality = "uniform_nonlocality"
      case tokenShare = "token_share"
      case profile = "frame_to_frame"
    }
  }

  enum CodingKeys: String, CodingKey {
    case clips, frames, grid, scheme, layers
    case patchSize = "patch_size"
  }
}

extension ClipLocalityReport {
  /// A line for each head of each step.
  public var csv: String {
    var rows = [
      [
        "layer", "step", "head", "kind", "frame_distance", "frame_distance_sd", "nonlocality",
        "nonlocality_sd", "distance_px", "entropy", "token_share", "gate",
      ]
    ]
    for layer in layers {
      for step in layer.steps {
        for head in step.entropy.indices {
          let numbers: [Double?] = [
            step.frameDistance?[head], step.frameDistanceSpread?[head], step.nonlocality?[head],
            step.nonlocalitySpread?[head], step.distancePixels?[head], step.entropy[head],
            step.tokenShare?[head], step.gate?[head],
          ]
          rows.append(
            ["\(layer.layer)", step.reach, "\(head)", step.kind.rawValue]
              + numbers.map(CSV.cell))
        }
      }
    }
    return CSV.table(rows)
  }
}
