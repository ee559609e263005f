import Numerics

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

  /// The fall of the risk for n examples: infinite for d − 1 ≤ n ≤ d + 1.
  ///
  /// - Parameters:
  ///   - target: Θ, d · k numbers row by row, which must commute with the group.
  ///   - sigma: σ, the deviation of each input.
  ///   - noise: τ, that of the noise.
  public func callAsFunction(
    examples n: Int, target: [Double], sigma: Double, noise: Double
  ) -> Double {
    let (d, k) = (Double(inputs), Double(outputs))
    let theta = Matrix(inputs, outputs, target)
    let n = Double(n)
    let free = d * k - projection.dimension  // dimensions that averaging takes away
    if n > d + 1 { return noise * noise * free / (n - d - 1) }
    guard n < d - 1 else { return .infinity }
    let signal =
      (d + 1) * theta.squaredNorm
      - (projection.moments * (theta.transposed * theta)).trace
    return sigma * sigma * n * (d - n) / (d * (d - 1) * (d + 2)) * signal
      + noise * noise * n * free / (d * (d - n - 1))
  }
}
