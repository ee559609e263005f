import Files

extension LocalityReport {
  /// A line for each head, for whoever makes tables or figures of their own.
  public var csv: String {
    var rows = [
      [
        "layer", "head", "kind", "nonlocality", "nonlocality_sd", "distance_px", "entropy",
        "center_x", "center_y", "width", "similarity", "token_share", "gate", "positional_x",
        "positional_y", "strength", "reference_nonlocality",
      ]
    ]
    for layer in layers {
      for head in layer.nonlocality.indices {
        let fit = layer.positional?[head]
        let numbers: [Double?] = [
          layer.nonlocality[head], layer.nonlocalitySpread[head], layer.distancePixels[head],
          layer.entropy[head], layer.centre[head][0], layer.centre[head][1], layer.width[head],
          layer.meanSimilarity(head), layer.tokenShare?[head], layer.gate?[head], fit?.x, fit?.y,
          fit?.strength,
          layer.referenceNonlocality?[head],
        ]
        rows.append(["\(layer.layer)", "\(head)", layer.kind.rawValue] + numbers.map(CSV.cell))
      }
    }
    return CSV.table(rows)
  }
}
