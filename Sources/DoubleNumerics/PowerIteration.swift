/// The largest singular value of a linear map, which is the most by which it lengthens a vector, by
/// iteration with the map and its transpose.
package struct PowerIteration: Hashable, Sendable {
  /// The value found, which is at most the true one but for rounding; NaN if the map gives NaN or
  /// ∞.
  package let value: Double
  /// Whether the last step changed the value by less than the tolerance. The value itself may be
  /// further off than that where the second largest is nearly as large.
  package let isConverged: Bool

  /// - Parameters:
  ///   - inputs: how many numbers the map takes.
  ///   - tolerance: the share of the value by which a step changes it at the end.
  ///   - maxSteps: the number of steps after which it ends in any case.
  ///   - generator: of the start, which is random so that it is not orthogonal to what is sought.
  ///   - apply: the map.
  ///   - applyTransposed: its transpose, which for a layer is its vector-Jacobian product.
  package init(
    inputs: Int, tolerance: Double = 1e-12, maxSteps: Int = 10_000,
    using generator: inout some RandomNumberGenerator, apply: ([Double]) -> [Double],
    applyTransposed: ([Double]) -> [Double]
  ) {
    var x = (0..<inputs).map { _ in Double.random(in: -1...1, using: &generator) }
    var (value, isConverged, steps) = (0.0, false, 0)
    while steps < maxSteps, !isConverged {
      let norm = length(x)
      let y = apply(norm > 0 ? x.map { $0 / norm } : x)
      let next = length(y)
      guard next.isFinite else {
        (value, isConverged) = (.nan, false)
        break
      }
      isConverged = abs(next - value) <= tolerance * next
      value = max(value, next)
      x = applyTransposed(y)
      steps += 1
    }
    (self.value, self.isConverged) = (value, isConverged)
  }
}

extension PowerIteration {
  /// The spectral norm of a matrix.
  package init(
    of matrix: Matrix, tolerance: Double = 1e-12, maxSteps: Int = 10_000,
    using generator: inout some RandomNumberGenerator
  ) {
    let transposed = matrix.transposed
    self.init(
      inputs: matrix.columns, tolerance: tolerance, maxSteps: maxSteps, using: &generator,
      apply: { matrix * $0 }, applyTransposed: { transposed * $0 })
  }
}

private func length(_ x: [Double]) -> Double {
  dot(x, from: 0, x, from: 0, count: x.count).squareRoot()
}
