import CKernels
import Testing

@testable import Autodiff

/// Products in bfloat16: what is rounded, and what is not.
@Suite struct PrecisionTests {
  /// By the definition: the nearest number of eight significant bits, of two the even one.
  private func nearest(_ x: Float) -> Float {
    guard x.isNormal else { return x.isSubnormal ? 0 : x }
    let unit = Double(x.ulp) * 65536  // 23 bits of the significand less 7
    return Float((Double(x) / unit).rounded(.toNearestOrEven) * unit)
  }

  @Test func roundsToTheNearest() {
    let special: [Float] = [
      0, -0, 1, 1.00390625, 1.01171875, -1.00390625, 1.0039063, 3.3e38, -.infinity, .infinity,
      1e-40, -1e-40, .leastNormalMagnitude, .greatestFiniteMagnitude, 65280, 255.5,
    ]
    let x = special + uniform(1000, "x", bound: 1e3)
    for level in levels(
      ck_round_bfloat16, v4: ck_round_bfloat16_v4, v3: ck_round_bfloat16_v3,
      baseline: ck_round_bfloat16_baseline)
    {
      let out = fresh(x.count) { level.call($0, x, x.count) }
      for (found, x) in zip(out, x) { #expect(found == nearest(x), "\(x) \(level.name)") }
      #expect(fresh(1) { level.call($0, [Float.nan], 1) }[0].isNaN)
    }
  }

  private struct Layer: Module {
    let weight = Parameter(
      [5, 7], kind: .weight, initial: Initializer { shape, _ in tensor(shape, "weight") })
    let bias = Parameter(
      [5], kind: .bias, initial: Initializer { shape, _ in tensor(shape, "bias") })
  }

  private func rounded(_ x: Tensor) -> Tensor { Tensor(x.shape, x.elements.map(nearest)) }

  /// A linear layer and its derivatives are those of rounded operands, multiplied in floats;
  /// weights, bias and what is added stay as they are.
  @Test func linearLayersMultiplyRoundedOperands() {
    let layer = Layer()
    let weights = ParameterStore(layer, seed: 0)
    let (x, seed) = (tensor([3, 7], "x"), tensor([3, 5], "seed"))
    func run(
      _ weights: ParameterStore, _ x: Tensor, seed: Tensor, _ precision: Precision = .float32
    ) -> (Tensor, Gradients, Tensor) {
      let tape = Tape(weights, Pass(precision: precision))
      let input = tape.variable(x)
      let y = input.linear(tape[layer.weight], bias: tape[layer.bias])
      var gradients = Gradients(weights.tree)
      let dx = tape.differentiate(y, by: seed, into: &gradients, at: [input])
      return (y.value, gradients, dx[0])
    }
    let (y, gradients, dx) = run(weights, x, seed: seed, .bfloat16)
    var plain = weights
    plain[layer.weight] = rounded(weights[layer.weight])
    let (py, pgradients, pdx) = run(plain, rounded(x), seed: rounded(seed))
    #expect(largestDifference(y, py) < 1e-5)
    #expect(largestDifference(dx, pdx) < 1e-5)
    #expect(largestDifference(gradients[layer.weight], pgradients[layer.weight]) < 1e-5)
    // The bias' derivative is a sum, of what was not rounded.
    #expect(largestDifference(gradients[layer.bias], run(plain, x, seed: seed).1[layer.bias]) == 0)
    // A prediction lays the weights out first, and is the same.
    let prediction = Tape(FrozenWeights(weights, .inference(.bfloat16))).constant(x)
    let again = prediction.linear(
      prediction.tape[layer.weight], bias: prediction.tape[layer.bias])
    #expect(again.value == y)
    // In floats it is another result, or nothing was tested.
    plain[layer.weight] = weights[layer.weight]
    #expect(largestDifference(y, run(plain, x, seed: seed).0) > 1e-3)
  }
}
