import DoubleNumerics
import Testing

@Suite struct RidgeRegressionTests {
  /// One feature, z = −1, 1: b = Σ z·y / (2 + λ).
  @Test func byHand() throws {
    let fit = try #require(RidgeRegression([[10], [30]], [1, 5], penalty: 2))
    #expect(abs(fit.coefficients[0] - 1) < 1e-15)
    #expect(abs(fit([10]) - 2) < 1e-15 && abs(fit([40]) - 5) < 1e-15)
  }

  /// Almost without a penalty, a plane is found; a constant feature gets nothing.
  @Test func aPlane() throws {
    let features = [[1.0, 2, 7], [2, -1, 7], [0, 3, 7], [5, 5, 7], [-2, 1, 7]]
    let values = features.map { 3 + 2 * $0[0] - 0.5 * $0[1] }
    let fit = try #require(RidgeRegression(features, values, penalty: 1e-10))
    #expect(abs(fit([4, 4, 7]) - 9) < 1e-8 && fit.coefficients[2] == 0)
    #expect(RidgeRegression([[.nan]], [1]) == nil && RidgeRegression([[1]], [.infinity]) == nil)
  }
}
