import ConViT

extension PatchGrid {
  /// ‖δ_ij‖, how far patch j is from patch i, in patches: [N · N], row by row.
  public func distances() -> [Float] {
    let squares = offsets().elements
    return (0..<count * count).map { squares[3 * $0 + 2].squareRoot() }
  }

  /// The non-locality of attention that looks everywhere alike, the yardstick for all others:
  /// Σ_ij ‖δ_ij‖ / N², in patches. 7.2808 for 14 × 14.
  public var uniformNonlocality: Double {
    distances().reduce(0) { $0 + Double($1) } / Double(count * count)
  }
}
