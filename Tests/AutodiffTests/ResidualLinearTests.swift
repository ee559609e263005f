import Autodiff
import Testing

/// `linear(_:bias:onto:dropPath:)` against the plain operators that it equals.
@Suite struct ResidualLinearTests {
  static let shapes: [(x: Shape, m: Int)] = [([6, 3, 4], 5), ([6, 1, 2], 1), ([6, 2, 2, 3], 3)]

  @Test(arguments: shapes, [0, 0.5, 0.999] as [Float])
  func equalsThePlainComposition(_ shape: (x: Shape, m: Int), _ rate: Float) {
    let outputs = shape.x.replacing(-1, with: shape.m)
    let inputs = [
      tensor(shape.x, "x"), tensor([shape.m, shape.x[-1]], "w"), tensor([shape.m], "b"),
      tensor(outputs, "residual"),
    ]
    let sources = (0..<6).map { Random(seed: 4).split($0) }
    func run(_ function: ([Variable]) -> Variable) -> (value: Tensor, derivatives: [Tensor]) {
      let tape = Tape(Pass(randomness: sources))
      let variables = inputs.map(tape.variable)
      let y = function(variables)
      var none = Gradients(tape.weights.tree)
      let loss = (y * tape.constant(tensor(outputs, "weights"))).sum()
      return (y.value, tape.accumulateGradients(of: loss, into: &none, at: variables))
    }
    let fused = run { $0[0].linear($0[1], bias: $0[2], onto: $0[3], dropPath: rate) }
    let plain = run { $0[3] + $0[0].linear($0[1], bias: $0[2]).dropPath(rate) }
    #expect(largestDifference(fused.value, plain.value) < 1e-4 / Double(1 - rate))
    for (a, b) in zip(fused.derivatives, plain.derivatives) {
      #expect(largestDifference(a, b) < 1e-4 / Double(1 - rate))
    }
    if rate == 0.5 {  // some are dropped and some are not
      let kept = zip(fused.value.elements, inputs[3].elements).count { $0 != $1 }
      #expect(kept > 0 && kept < outputs.elementCount)
    }
  }
}
