import Autodiff
import DoubleNumerics

/// By how much the risk of a linear model, fitted by least squares of minimum norm, falls if it is
/// averaged over a group: exactly, without any data.
///
/// n examples x of N(0, σ²I) on ℝᵈ, answers Θᵀx + ξ with Θ of [d, k] that commutes with the group
/// and noise of variance τ² in each; the risk is E‖Wᵀx − Θᵀx‖² + kτ². Source: Elesedy and Zaidi
/// 2021, theorems on invariant (k = 1) and equivariant linear models, here for any orthogonal
/// representation by the moments of a random projection, E[P_ij P_kl], and of a Wishart matrix.
public struct LinearGap: Sendable {
  let projection: LinearProjection

  /// Of invariant models: one answer, which no element changes.
  public init(invariantUnder inputs: Representation) {
    self.init(unchecked: inputs, .trivial(inputs.group))
  }

  /// Of equivariant models: the answers of gx are those of x moved by g.
  ///
  /// - Throws: `SymmetryError` for representations of different groups.
  public init(
    from inputs: Representation, to outputs: Representation
  ) throws(SymmetryError) {
    projection = try LinearProjection(from: inputs, to: outputs)
  }

  private init(unchecked inputs: Representation, _ outputs: Representation) {
    guard let made = try? LinearProjection(from: inputs, to: outputs) else {
      fatalError("LinearGap: a trivial representation of another group")
    }
    projection = made
  }

  /// The number of inputs, d.
  public var inputs: Int { projection.inputs.dimension }
  /// The number of answers, k.
  public var outputs: Int { projection.outputs.dimension }
  /// The dimensions that averaging takes away from all maps, those that commute with the group
  /// being left. If there are none, it changes no model.
  public var freeDimensions: Int { inputs * outputs - commutingDimensions }
  /// χ
  var commutingDimensions: Int { Int(projection.dimension.rounded()) }

  /// The closed form for a target Θ, d · k numbers row by row, which must commute with the group.
  public func closedForm(target: [Double]) -> ClosedForm {
    let (d, theta) = (Double(inputs), theta(target))
    return ClosedForm(
      d: d, free: Double(freeDimensions),
      signal: (d + 1) * theta.squaredNorm
        - (projection.moments * (theta.transposed * theta)).trace)
  }

  /// A target as a matrix. Ends the process if it does not commute with the group.
  func theta(_ target: [Double]) -> Matrix {
    checkPrecondition(
      target.count == inputs * outputs,
      "LinearGap: a target of \(target.count) numbers for \(inputs) · \(outputs)")
    let theta = Matrix(inputs, outputs, target)
    checkPrecondition(
      (projection(theta) - theta).squaredNorm <= 1e-12 * theta.squaredNorm,
      "LinearGap: the target does not commute with the group")
    return theta
  }

  /// Ends the process if there is no example, or a deviation that is none.
  static func requireSetting(_ n: Int, _ sigma: Double, _ noise: Double) {
    checkPrecondition(n > 0, "LinearGap: \(n) examples")
    checkPrecondition(
      sigma > 0 && noise >= 0, "LinearGap: inputs of deviation \(sigma), noise of \(noise)")
  }

  /// The fall of the risk as a function of the examples.
  public struct ClosedForm: Hashable, Sendable {
    fileprivate let d: Double
    /// The dimensions that averaging takes away.
    fileprivate let free: Double
    fileprivate let signal: Double

    /// For n > 0 examples of deviation σ > 0 with noise of deviation τ ≥ 0.
    ///
    /// With noise it is infinite for d − 1 ≤ n ≤ d + 1, unless averaging changes nothing. Without,
    /// d examples or more give the target itself, and the gap is 0.
    public func callAsFunction(examples n: Int, sigma: Double, noise: Double) -> Double {
      LinearGap.requireSetting(n, sigma, noise)
      let n = Double(n)
      guard free > 0 else { return 0 }
      return (n < d ? sigma * sigma * n * (d - n) / (d * (d - 1) * (d + 2)) * signal : 0)
        + (noise > 0 ? noise * noise * errors(n) : 0)
    }

    /// What noise of deviation 1 adds.
    private func errors(_ n: Double) -> Double {
      if n > d + 1 { return free / (n - d - 1) }
      return n < d - 1 ? n * free / (d * (d - n - 1)) : .infinity
    }

    /// Whether the gap of one fit has a variance, so that the mean of some has a standard error:
    /// with noise, unless d − 3 ≤ n ≤ d + 3.
    public func hasVariance(examples n: Int, noise: Double) -> Bool {
      noise == 0 || free == 0 || abs(Double(n) - d) > 3
    }
  }
}
