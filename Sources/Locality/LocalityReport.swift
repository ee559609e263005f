import Files

/// How local the attention of a model is, by layer and head; what `locality.json` holds.
public struct LocalityReport: Hashable, Sendable, Codable {
  /// Images that were averaged over.
  public let images: Int
  /// Rows and columns of patches.
  public let grid: [Int]
  /// Pixels of a patch's side.
  public let patchSize: Int
  /// The non-locality of attention that looks everywhere alike, in patches.
  public let uniformNonlocality: Double
  /// From the first layer to the last.
  public private(set) var layers: [Layer]

  /// The heads of a layer, each list in their order.
  public struct Layer: Hashable, Sendable, Codable {
    /// The layer, from 0.
    public let layer: Int
    /// `gpsa`, `mhsa` or `psa`, or what an attention of your own calls itself.
    public let kind: Kind
    /// Σ_ij A_ij ‖δ_ij‖ / N, in patches, averaged over images.
    public let nonlocality: [Double]
    /// Its standard deviation over images.
    public let nonlocalitySpread: [Double]
    /// The same distance in pixels, as in figure 7 of Dosovitskiy et al. 2021.
    public let distancePixels: [Double]
    /// The entropy of a query's attention in nats, averaged over queries and images.
    public let entropy: [Double]
    /// Where a query looks, (x, y) in patches: measured, queries away from the border.
    public let centre: [[Double]]
    /// The standard deviation of that along one axis, in patches.
    public let width: [Double]
    /// The cosine between the maps of two heads, averaged over images: [H][H].
    public let similarity: [[Double]]
    /// What queries give to the class and distillation tokens, where there are any.
    public let tokenShare: [Double]?
    /// σ(λ), of GPSA.
    public let gate: [Double]?
    /// The Gaussian of the positional attention, of GPSA and PSA.
    package let positional: [PositionalFit]?
    /// The non-locality as the published code measures it: of attention that is fed the patch
    /// embedding in every layer. Only where it was asked for.
    package internal(set) var referenceNonlocality: [Double]?

    /// The mean cosine between a head's maps and those of the layer's other heads; nil for a single
    /// head.
    public func meanSimilarity(_ head: Int) -> Double? {
      guard similarity.count > 1 else { return nil }
      let others = similarity[head].enumerated().filter { $0.offset != head }
      return others.reduce(0) { $0 + $1.element } / Double(others.count)
    }

    /// The mean over the heads, in patches.
    public var meanNonlocality: Double { nonlocality.reduce(0, +) / Double(nonlocality.count) }

    enum CodingKeys: String, CodingKey {
      case layer, kind, nonlocality, entropy, width, similarity, gate, positional
      case centre = "center"
      case nonlocalitySpread = "nonlocality_sd"
      case distancePixels = "distance_px"
      case tokenShare = "token_share"
      case referenceNonlocality = "reference_nonlocality"
    }
  }

  /// The report with what the published code would have measured, [layers][H]; unchanged if empty.
  package func adding(reference: [[Double]]) -> LocalityReport {
    var report = self
    for (index, values) in reference.enumerated() {
      report.layers[index].referenceNonlocality = values
    }
    return report
  }

  /// The kinds of attention.
  public struct Kind: RawRepresentable, Hashable, Sendable, Codable {
    /// As `Attention.kind` says.
    public let rawValue: String

    /// The kind of a name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Gated positional attention, self-attention, positional attention without a gate.
    public static let (gpsa, mhsa, psa) = (
      Kind(rawValue: "gpsa"), Kind(rawValue: "mhsa"), Kind(rawValue: "psa")
    )
  }

  enum CodingKeys: String, CodingKey {
    case images, grid, layers
    case patchSize = "patch_size"
    case uniformNonlocality = "uniform_nonlocality"
  }
}

extension LocalityReport {
  /// A line for each head, for whoever makes tables or figures of their own.
  public var csv: String { CSV.table([Self.columns] + rows) }

  /// The names of the columns of `csv`.
  package static let columns = [
    "layer", "head", "kind", "nonlocality", "nonlocality_sd", "distance_px", "entropy",
    "center_x", "center_y", "width", "similarity", "token_share", "gate", "positional_x",
    "positional_y", "strength", "reference_nonlocality",
  ]

  /// The cells of each head.
  package var rows: [[String]] {
    layers.flatMap { layer in
      layer.nonlocality.indices.map { head in
        let fit = layer.positional?[head]
        let numbers: [Double?] = [
          layer.nonlocality[head], layer.nonlocalitySpread[head], layer.distancePixels[head],
          layer.entropy[head], layer.centre[head][0], layer.centre[head][1], layer.width[head],
          layer.meanSimilarity(head), layer.tokenShare?[head], layer.gate?[head], fit?.x, fit?.y,
          fit?.strength,
          layer.referenceNonlocality?[head],
        ]
        return ["\(layer.layer)", "\(head)", layer.kind.rawValue] + numbers.map(CSV.cell)
      }
    }
  }
}
