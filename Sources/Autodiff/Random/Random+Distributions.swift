import Foundation

extension Random {
  /// A standard normal number (Box–Muller, the cosine half).
  public mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * .pi * uniform())
  }

  /// A normal number of standard deviation `sigma`, redrawn while it lies outside ±`bound`; PyTorch
  /// and timm cut at ±2 (`trunc_normal_`), not at ±2σ, which for σ = 0.02 is never.
  package mutating func truncatedNormal(sigma: Double, bound: Double = 2) -> Double {
    while true {
      let value = sigma * normal()
      if abs(value) <= bound { return value }
    }
  }

  /// A number of the beta distribution, in 0 … 1: with density ∝ xᵃ⁻¹ · (1 − x)ᵇ⁻¹.
  ///
  /// It is X / (X + Y) for gamma-distributed X and Y, computed from their logarithms, so that very
  /// small `a` and `b` are good: the number is then nearly always near 0 or 1.
  package mutating func beta(_ a: Double, _ b: Double) -> Double {
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

extension Random {
  /// Fills `buffer` with standard normal numbers, several times as fast as `normal()` one by one.
  ///
  /// The ziggurat of Marsaglia and Tsang (2000) with 128 layers, in Doornik's form (2005): seven
  /// bits of a draw choose the layer, 53 others the place in it.
  package mutating func fillNormal(_ buffer: UnsafeMutableBufferPointer<Float>) {
    Ziggurat.standard.edges.withUnsafeBufferPointer { edges in
      for i in buffer.indices { buffer[i] = Float(ziggurat(edges)) }
    }
  }

  private mutating func ziggurat(_ edges: UnsafeBufferPointer<Double>) -> Double {
    while true {
      let bits = next()
      let layer = Int(bits & 127)
      let u = 2 * (Double(bits >> 11) * 0x1p-53) - 1
      let x = u * edges[layer]
      if abs(x) < edges[layer + 1] { return x }
      if layer == 0 { return tail(isNegative: u < 0) }
      let (lower, upper) = (edges[layer], edges[layer + 1])
      let (f0, f1) = (exp(-0.5 * (lower * lower - x * x)), exp(-0.5 * (upper * upper - x * x)))
      if f1 + uniform() * (f0 - f1) < 1 { return x }
    }
  }

  /// Beyond the base of the ziggurat, by Marsaglia's rejection from an exponential.
  private mutating func tail(isNegative: Bool) -> Double {
    while true {
      let x = -log(1 - uniform()) / Ziggurat.base
      let y = -log(1 - uniform())
      if 2 * y >= x * x { return isNegative ? -(Ziggurat.base + x) : Ziggurat.base + x }
    }
  }
}

/// 128 layers of the same area under exp(−x²/2).
private struct Ziggurat {
  static let standard = Ziggurat()
  static let base = 3.442619855899  // where the lowest layer ends and its tail begins
  private static let area = 9.91256303526217e-3
  /// [129]: the right edges of the layers, the lowest as a rectangle that held its tail, and 0.
  let edges: [Double]

  private init() {
    var edges = [Self.area / exp(-0.5 * Self.base * Self.base), Self.base]
    for i in 2..<128 {
      let height = exp(-0.5 * edges[i - 1] * edges[i - 1])
      edges.append((-2 * log(Self.area / edges[i - 1] + height)).squareRoot())
    }
    self.edges = edges + [0]
  }
}
