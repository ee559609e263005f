import Autodiff
import DoubleNumerics

extension LinearGap {
  /// A mean over draws, and its standard error.
  public struct Estimate: Hashable, Sendable {
    /// The mean, and its standard error.
    public let mean, error: Double
  }

  /// A target that commutes with the group, of norm 1: d · k numbers.
  public func drawTarget(_ random: inout Random) -> [Double] {
    let drawn = Matrix(
      inputs, outputs, (0..<inputs * outputs).map { _ in random.normal() })
    let target = projection(drawn)
    return (1 / target.squaredNorm.squareRoot() * target).elements
  }

  /// The same as the closed form by fitting `draws` models to examples and averaging each: the
  /// risks of both are exact, so that only the examples are random.
  ///
  /// The result does not depend on the threads of `pool`.
  public func estimate(
    examples n: Int, target: [Double], sigma: Double, noise: Double, draws: Int, seed: UInt64,
    on pool: WorkerPool
  ) -> Estimate {
    let theta = Matrix(inputs, outputs, target)
    let random = Random(seed: seed).split("linear gap").split(n)
    let gaps = pool.map(Array(0..<draws)) { draw in
      var random = random.split(draw)
      return gap(n, theta, sigma, noise, &random)
    }
    let mean = Statistics.mean(gaps) ?? .nan
    return Estimate(mean: mean, error: Statistics.standardError(gaps) ?? .nan)
  }

  private func gap(
    _ n: Int, _ theta: Matrix, _ sigma: Double, _ noise: Double, _ random: inout Random
  ) -> Double {
    let x = Matrix(n, inputs, (0..<n * inputs).map { _ in sigma * random.normal() })
    let errors = Matrix(n, outputs, (0..<n * outputs).map { _ in noise * random.normal() })
    guard let fit = LeastSquares(x) else { return .nan }
    let w = fit.solve(x * theta + errors)
    let (own, averaged) = ((w - theta).squaredNorm, (projection(w) - theta).squaredNorm)
    return sigma * sigma * (own - averaged)
  }
}
