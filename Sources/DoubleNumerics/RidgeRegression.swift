/// A linear prediction ŷ = a + Σ b_j · z_j of standardised features, whose coefficients are kept
/// small: the least Σ (y − ŷ)² + λ Σ b_j² (Hoerl and Kennard 1970).
package struct RidgeRegression: Sendable {
  private let means: [Double]
  private let scales: [Double]  // deviations of the features; 1 of one that is constant
  private let intercept: Double
  /// b, one a feature.
  package let coefficients: [Double]

  /// The fit to examples, [n][features] and [n]; nil if a number is not finite.
  ///
  /// - Parameter penalty: λ, above 0.
  package init?(_ features: [[Double]], _ values: [Double], penalty: Double = 1) {
    checkPrecondition(
      !features.isEmpty && features.count == values.count && penalty > 0,
      "RidgeRegression: \(features.count) examples, \(values.count) values, λ \(penalty)")
    let width = features[0].count
    checkPrecondition(
      features.allSatisfy { $0.count == width }, "RidgeRegression: examples of other features")
    guard features.allSatisfy({ $0.allSatisfy(\.isFinite) }), values.allSatisfy(\.isFinite) else {
      return nil
    }
    let n = Double(values.count)
    let means = (0..<width).map { j in features.reduce(0) { $0 + $1[j] } / n }
    let scales = (0..<width).map { j in
      let square = features.reduce(0) { $0 + ($1[j] - means[j]) * ($1[j] - means[j]) } / n
      return square > 0 ? square.squareRoot() : 1
    }
    let intercept = values.reduce(0, +) / n
    let z = features.map { row in (0..<width).map { (row[$0] - means[$0]) / scales[$0] } }
    let design = Matrix(values.count, width, z.flatMap { $0 }).transposed
    let normal = design.gram + penalty * Matrix(identity: width)
    guard let factor = Cholesky(normal) else { return nil }
    coefficients = factor.solve(design * values.map { $0 - intercept })
    (self.means, self.scales, self.intercept) = (means, scales, intercept)
  }

  /// ŷ of an example.
  package func callAsFunction(_ features: [Double]) -> Double {
    checkPrecondition(
      features.count == means.count,
      "RidgeRegression: \(features.count) features, fitted to \(means.count)")
    return features.indices.reduce(intercept) {
      $0 + coefficients[$1] * (features[$1] - means[$1]) / scales[$1]
    }
  }
}
