#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Random {
  /// A number of the beta distribution, in 0 … 1: with density ∝ xᵃ⁻¹ · (1 − x)ᵇ⁻¹.
  ///
  /// It is X / (X + Y) for gamma-distributed X and Y, computed from their logarithms, so that very
  /// small `a` and `b` are good: the number is then nearly always near 0 or 1.
  ///
  /// - Precondition: `a` and `b` are positive and finite.
  public mutating func beta(_ a: Double, _ b: Double) -> Double {
    checkPrecondition(
      a > 0 && b > 0 && a.isFinite && b.isFinite, "Random.beta: parameters \(a) and \(b)")
    let x = gammaLogarithm(a)
    return 1 / (1 + exp(gammaLogarithm(b) - x))
  }

  /// The logarithm of a number of the gamma distribution of scale 1 (Marsaglia and Tsang 2000,
  /// "A simple method for generating gamma variables"; below shape 1 by X(k + 1) · U^(1/k)).
  private mutating func gammaLogarithm(_ shape: Double) -> Double {
    guard shape >= 1 else {
      return gammaLogarithm(shape + 1) + log(1 - uniform()) / shape
    }
    let d = shape - 1.0 / 3
    while true {
      let x = normal()
      let cubeRoot = 1 + x / (9 * d).squareRoot()
      guard cubeRoot > 0 else { continue }
      let v = cubeRoot * cubeRoot * cubeRoot
      if log(1 - uniform()) < 0.5 * x * x + d * (1 - v + log(v)) { return log(d) + log(v) }
    }
  }
}
