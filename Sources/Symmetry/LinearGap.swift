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

  /// d and k.
  public var inputs: Int { projection.inputs.dimension }
  /// The number of answers, k.
  public var outputs: Int { projection.outputs.dimension }

  /// The closed form for a target Θ, d · k numbers row by row, which must commute with the group.
  public func closedForm(target: [Double]) -> ClosedForm {
    let (d, k) = (Double(inputs), Double(outputs))
    let theta = Matrix(inputs, outputs, target)
    return ClosedForm(
      d: d, free: (d * k - projection.dimension).rounded(),
      signal: (d + 1) * theta.squaredNorm
        - (projection.moments * (theta.transposed * theta)).trace)
  }

  /// The fall of the risk as a function of the examples.
  public struct ClosedForm: Hashable, Sendable {
    fileprivate let d: Double
    /// The dimensions that averaging takes away.
    fileprivate let free: Double
    fileprivate let signal: Double

    /// For n examples of deviation σ with noise of deviation τ: infinite for d − 1 ≤ n ≤ d + 1,
    /// unless averaging changes nothing.
    public func callAsFunction(examples n: Int, sigma: Double, noise: Double) -> Double {
      let n = Double(n)
      guard free > 0 else { return 0 }
      if n > d + 1 { return noise * noise * free / (n - d - 1) }
      guard n < d - 1 else { return .infinity }
      return sigma * sigma * n * (d - n) / (d * (d - 1) * (d + 2)) * signal
        + noise * noise * n * free / (d * (d - n - 1))
    }
  }
}
