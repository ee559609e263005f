/// Closed forms of the gap, and estimates beside them; `linear-gap.json`.
package struct LinearGapReport: Codable, Sendable {
  package struct Row: Codable, Sendable {
    package let n: Int
    /// Nil where it is infinite.
    package let gap: Double?
    package let estimate: Double?
    /// Nil where the gap of one fit has no variance, too.
    package let error: Double?

    package init(n: Int, gap: Double, estimate: LinearGap.Estimate?) {
      (self.n, self.gap) = (n, gap.isFinite ? gap : nil)
      self.estimate = estimate.flatMap { $0.mean.isFinite ? $0.mean : nil }
      error = estimate.flatMap { $0.error.isFinite ? $0.error : nil }
    }
  }

  package let d, k: Int
  package let group, answers: String
  package let sigma, noise: Double
  package let draws: Int
  package let rows: [Row]

  package init(
    d: Int, k: Int, group: String, answers: String, sigma: Double, noise: Double, draws: Int,
    rows: [Row]
  ) {
    (self.d, self.k, self.group, self.answers) = (d, k, group, answers)
    (self.sigma, self.noise, self.draws, self.rows) = (sigma, noise, draws, rows)
  }
}
