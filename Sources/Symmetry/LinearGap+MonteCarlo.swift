import Autodiff
import DoubleNumerics

extension LinearGap {
  /// A mean over draws, and its standard error.
  public struct Estimate: Hashable, Sendable {
    /// The mean.
    public let mean: Double
    /// Its standard error: infinite where the gap of one fit has no variance.
    public let error: Double
  }

  /// A target that commutes with the group, of norm 1: d · k numbers. It is 0 if no other map does.
  public func drawTarget(_ random: inout Random) -> [Double] {
    guard commutingDimensions > 0 else { return Array(repeating: 0, count: inputs * outputs) }
    let drawn = Matrix(
      inputs, outputs, (0..<inputs * outputs).map { _ in random.normal() })
    let target = projection(drawn)
    return (1 / target.squaredNorm.squareRoot() * target).elements
  }

  /// The same as the closed form by fitting `draws` models to examples and averaging each: the
  /// risks of both are exact, so that only the examples are random. There are at least two draws.
  ///
  /// The result does not depend on the threads of `pool`.
  public func estimate(
    examples n: Int, target: [Double], sigma: Double, noise: Double, draws: Int, seed: UInt64,
    on pool: WorkerPool
  ) -> Estimate {
    checkPrecondition(draws > 1, "LinearGap.estimate: \(draws) draws")
    Self.requireSetting(n, sigma, noise)
    let theta = theta(target)
    let random = Random(seed: seed).split("linear gap").split(n)
    let gaps = pool.map(Array(0..<draws)) { draw in
      var random = random.split(draw)
      return gap(n, theta, sigma, noise, &random)
    }
    let hasVariance = closedForm(target: target).hasVariance(examples: n, noise: noise)
    let error = hasVariance ? Statistics.standardError(gaps) : .infinity
    return Estimate(mean: Statistics.mean(gaps) ?? .nan, error: error ?? .nan)
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
