import DoubleNumerics
import Testing

@Suite struct LBFGSTests {
  /// Σ aᵢ (xᵢ − i)², and Rosenbrock's valley.
  @Test func leastValues() {
    let scales = [1.0, 10, 100, 1000]
    let bowl = LBFGS(tolerance: 1e-9).minimum(from: [0, 0, 0, 0]) { x in
      let away = x.indices.map { x[$0] - Double($0) }
      return (
        zip(scales, away).reduce(0) { $0 + $1.0 * $1.1 * $1.1 },
        zip(scales, away).map { 2 * $0 * $1 }
      )
    }
    #expect(bowl.x.enumerated().allSatisfy { abs($1 - Double($0)) < 1e-9 } && bowl.steps < 60)
    let valley = LBFGS(tolerance: 1e-9).minimum(from: [-1.2, 1]) { x in
      let (a, b) = (1 - x[0], x[1] - x[0] * x[0])
      return (a * a + 100 * b * b, [-2 * a - 400 * x[0] * b, 200 * b])
    }
    #expect(valley.x.allSatisfy { abs($0 - 1) < 1e-6 } && valley.steps < 100)
    let short = LBFGS(maxSteps: 3).minimum(from: [-1.2, 1]) { x in
      let (a, b) = (1 - x[0], x[1] - x[0] * x[0])
      return (a * a + 100 * b * b, [-2 * a - 400 * x[0] * b, 200 * b])
    }
    #expect(short.steps == 3)
  }
}
