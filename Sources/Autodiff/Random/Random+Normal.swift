#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Random {
  /// A standard normal number (Box–Muller, the cosine half).
  public mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * .pi * uniform())
  }

  /// A normal number of standard deviation `sigma`, redrawn while it lies outside ±`bound`.
  ///
  /// - Parameters:
  ///   - sigma: the standard deviation before truncation.
  ///   - bound: where to cut, in the unit of the number itself (PyTorch's `trunc_normal_`
  ///     and timm cut at ±2, not at ±2σ, which for σ = 0.02 is never).
  public mutating func truncatedNormal(sigma: Double, bound: Double = 2) -> Double {
    while true {
      let value = sigma * normal()
      if abs(value) <= bound { return value }
    }
  }
}
