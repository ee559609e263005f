/// The least value of a smooth convex function, by a limited memory of its curvature (L-BFGS;
/// Nocedal and Wright 2006, Numerical Optimization, algorithms 7.4 and 7.5).
///
/// A step is halved until it descends enough (Armijo). It ends where no number of the gradient is
/// above `tolerance`, or where rounding hides a descent.
package struct LBFGS: Sendable {
  private let memory = 10
  private let tolerance: Double
  private let maxSteps: Int

  package init(tolerance: Double = 1e-5, maxSteps: Int = 1000) {
    (self.tolerance, self.maxSteps) = (tolerance, maxSteps)
  }

  package struct Minimum: Sendable {
    package let x: [Double]
    package let value: Double
    /// The largest number of the gradient there.
    package let slope: Double
    package let steps: Int
  }

  package func minimum(
    from start: [Double], of f: (_ x: [Double]) -> (value: Double, gradient: [Double])
  ) -> Minimum {
    var (x, at) = (start, f(start))
    var pairs: [(s: [Double], y: [Double], inverse: Double)] = []
    var step = 0
    func slope() -> Double { at.gradient.reduce(0) { max($0, abs($1)) } }
    while step < maxSteps, slope() > tolerance {
      let direction = descent(at.gradient, pairs)
      let descent = dot(direction, at.gradient)
      // Without a curvature the gradient's length says nothing about how far to go.
      var length = pairs.isEmpty ? 1 / max(1, dot(at.gradient, at.gradient).squareRoot()) : 1
      var next = x
      var found = at
      repeat {
        next = zip(x, direction).map { $0 + length * $1 }
        found = f(next)
        length /= 2
      } while !(found.value <= at.value + 1e-4 * 2 * length * descent) && length > 1e-10
      guard found.value < at.value else { break }
      let (s, y) = (difference(next, x), difference(found.gradient, at.gradient))
      let curvature = dot(s, y)
      if curvature > 1e-12 * dot(y, y) {
        pairs.append((s, y, 1 / curvature))
        if pairs.count > memory { pairs.removeFirst() }
      }
      (x, at) = (next, found)
      step += 1
    }
    return Minimum(x: x, value: at.value, slope: slope(), steps: step)
  }

  /// −H g, by the two loops over the last steps.
  private func descent(
    _ gradient: [Double], _ pairs: [(s: [Double], y: [Double], inverse: Double)]
  ) -> [Double] {
    var q = gradient
    var weights: [Double] = []
    for (s, y, inverse) in pairs.reversed() {
      let weight = inverse * dot(s, q)
      add(-weight, y, to: &q)
      weights.append(weight)
    }
    if let (_, y, inverse) = pairs.last {
      let scale = 1 / (inverse * dot(y, y))
      q = q.map { scale * $0 }
    }
    for ((s, y, inverse), weight) in zip(pairs, weights.reversed()) {
      add(weight - inverse * dot(y, q), s, to: &q)
    }
    return q.map { -$0 }
  }
}

private func dot(_ x: [Double], _ y: [Double]) -> Double {
  dot(x, from: 0, y, from: 0, count: x.count)
}

private func difference(_ x: [Double], _ y: [Double]) -> [Double] { zip(x, y).map { $0 - $1 } }

private func add(_ scale: Double, _ x: [Double], to y: inout [Double]) {
  add(scale, times: x, from: 0, to: &y, from: 0, count: x.count)
}
