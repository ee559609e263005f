import Autodiff
import Testing

/// Element-wise operators, broadcasting, reductions and custom operators by finite differences.
@Suite struct OperatorGradientTests {
  @Test(arguments: arithmetic + functions + reductions + reuse)
  func agreesWithDifferences(_ operation: GradientCase) {
    #expect(operation.largestError < gradientTolerance)
  }

  /// The ways in which two shapes meet.
  static let pairs: [(String, Shape, Shape)] = [
    ("same shape", [2, 3], [2, 3]), ("trailing", [2, 3, 4], [4]), ("number", [2, 3], []),
    ("one element", [2, 3], [1]), ("middle axis", [2, 3, 4], [2, 1, 4]),
    ("last axis", [2, 3], [2, 1]), ("rank", [3, 2, 2], [2, 2]), ("both", [3, 1, 2], [4, 1]),
    ("first axis", [3, 2, 2], [1, 2, 2]), ("two axes", [2, 3, 2, 2], [3, 1, 2]),
  ]

  static let arithmetic = pairs.flatMap { name, a, b in
    [
      GradientCase("a + b, \(name)", a, b) { $0[0] + $0[1] },
      GradientCase("b + a, \(name)", b, a) { $0[0] + $0[1] },
      GradientCase("a − b, \(name)", a, b) { $0[0] - $0[1] },
      GradientCase("b − a, \(name)", b, a) { $0[0] - $0[1] },
      GradientCase("a · b, \(name)", a, b) { $0[0] * $0[1] },
      GradientCase("b · a, \(name)", b, a) { $0[0] * $0[1] },
      GradientCase("a / b, \(name)", a, b, in: 1...2) { $0[0] / $0[1] },
      GradientCase("b / a, \(name)", b, a, in: 1...2) { $0[0] / $0[1] },
    ]
  }

  static let functions = [
    GradientCase("2.5 · x", [2, 3]) { 2.5 * $0[0] },
    GradientCase("x + 2", [2, 3]) { $0[0].squared() + 2 },
    GradientCase("2 − x", [2, 3]) { (2 - $0[0]).squared() },
    GradientCase("exp", [17]) { $0[0].exp() },
    GradientCase("log", [17], in: 0.5...2) { $0[0].log() },
    GradientCase("√x", [17], in: 0.5...2) { $0[0].squareRoot() },
    GradientCase("x²", [17], in: -2...2) { $0[0].squared() },
    GradientCase("sigmoid", [17], in: -3...3) { $0[0].sigmoid() },
    GradientCase("tanh", [17], in: -2...2) { $0[0].tanh() },
    GradientCase("relu, positive", [5], in: 0.1...1) { $0[0].relu() },
    GradientCase("relu, negative", [5], in: -1 ... -0.1) { $0[0].relu() },
    GradientCase("gelu", [33], in: -3...3) { $0[0].gelu() },
    GradientCase("gelu of x · Wᵀ + b", [4, 2, 9], [5, 9], [5], in: -2...2) {
      $0[0].linearGELU($0[1], bias: $0[2])
    },
  ]

  static let reductions =
    [
      GradientCase("sum", [2, 3]) { $0[0].squared().sum() },
      GradientCase("mean", [2, 3]) { $0[0].squared().mean() },
      GradientCase("sum of a number", []) { $0[0].squared().sum() },
    ]
    + [0, 1, 2, -1].flatMap { axis in
      [
        GradientCase("sum along \(axis)", [2, 3, 4]) { $0[0].sum(axis) },
        GradientCase("sum along \(axis), kept", [2, 3, 4]) { $0[0].sum(axis, keepingAxis: true) },
        GradientCase("mean along \(axis)", [2, 3, 4]) { $0[0].mean(axis) },
        GradientCase("mean along \(axis), kept", [2, 3, 4]) {
          $0[0] * $0[0].mean(axis, keepingAxis: true)
        },
        // Differences are twice the step apart at least, so that none crosses another.
        GradientCase("max along \(axis)", [2, 3, 4]) { x in
          let steps = x[0].tape.constant(
            Tensor([2, 3, 4], (0..<24).map { Float($0 * 7 % 24) }))
          return (0.1 * x[0] + steps).max(axis)
        },
      ]
    }

  static let reuse = [
    GradientCase("x · x", [2, 3]) { $0[0] * $0[0] },
    GradientCase("x + x", [2, 3]) { $0[0] + $0[0] },
    GradientCase("x / x²", [2, 3], in: 1...2) { $0[0] / $0[0].squared() },
    GradientCase("three uses", [2, 3]) { ($0[0] + $0[0].exp()) * $0[0].tanh() },
    GradientCase("x and its sums", [2, 3]) { $0[0] * $0[0].sum(0) + $0[0].sum() },
    GradientCase("one input unused", [2, 3], [4]) { $0[0].exp() },
    GradientCase("x³ by the tape's own door", [2, 3]) { cubed($0[0], factor: 3) },
    GradientCase("a constant among the inputs", [2, 3]) {
      $0[0] * $0[0].tape.constant(tensor([2, 3], "constant")) / $0[0].tape.constant(Tensor(3))
    },
  ]

  /// x³, whose derivative is `factor` · x²: right for 3.
  static func cubed(_ x: Variable, factor: Float) -> Variable {
    func map(_ x: Tensor, _ f: (Float) -> Float) -> Tensor { Tensor(x.shape, x.elements.map(f)) }
    return x.tape.operation(map(x.value) { $0 * $0 * $0 }, of: [x]) { [x = x.value] dy, inputs in
      let dx = zip(x.elements, dy.elements).map { factor * $0.0 * $0.0 * $0.1 }
      inputs.add(Tensor(x.shape, dx), to: 0)
    }
  }

  /// The check fails for a derivative that is 1 % off, of the wrong sign, missing, or NaN.
  @Test func noticesAWrongDerivative() {
    for factor: Float in [3.03, 2.97, -3, 0, .nan] {
      let wrong = GradientCase("wrong", [2, 3]) { Self.cubed($0[0], factor: factor) }
      #expect(wrong.largestError > gradientTolerance, "\(factor)")
    }
    let missing = GradientCase("missing", [2, 3]) { $0[0] + $0[0].detached() }
    #expect(missing.largestError > 0.4)
  }

  /// Through a detached variable no derivative flows, whatever the value.
  @Test func detachedHasNoDerivative() {
    let tape = Tape()
    let x = tape.variable(tensor([2, 3], "x"))
    let loss = (x.detached() * x).sum()
    var none = Gradients(tape.weights.tree)
    let derivatives = tape.accumulateGradients(of: loss, into: &none, at: [x])
    #expect(derivatives == [x.value])

    let constant = Tape()
    let y = constant.variable(x.value)
    let detached = (y.detached() * y.detached()).sum()
    let zeros = constant.accumulateGradients(of: detached, into: &none, at: [y])
    #expect(zeros == [Tensor(repeating: 0, [2, 3])])
  }

  /// The derivative of the maximum of equal elements is the first one's.
  @Test func firstOfEqualMaximaTakesAll() {
    let tape = Tape()
    let x = tape.variable(Tensor([2, 3], [1, 2, 2, 5, 5, 5]))
    let largest = x.max(1)
    #expect(largest.value == Tensor([2], [2, 5]))
    var none = Gradients(tape.weights.tree)
    let derivatives = tape.accumulateGradients(of: largest.sum(), into: &none, at: [x])
    #expect(derivatives == [Tensor([2, 3], [0, 1, 0, 1, 0, 0])])
  }

  /// Relu's derivative at 0 is 0, as PyTorch's.
  @Test func reluAtZero() {
    let tape = Tape()
    let x = tape.variable(Tensor([3], [-1, 0, 2]))
    var none = Gradients(tape.weights.tree)
    let derivatives = tape.accumulateGradients(of: x.relu().sum(), into: &none, at: [x])
    #expect(derivatives == [Tensor([3], [0, 0, 1])])
  }
}
