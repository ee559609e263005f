import Autodiff
import Testing

/// An operator, or a few, to be checked by finite differences.
struct GradientCase: Sendable, CustomTestStringConvertible {
  let name: String
  let shapes: [Shape]
  let range: ClosedRange<Double>
  let pass: Pass
  let function: @Sendable ([Variable]) -> Variable

  /// A function of tensors of the given shapes, drawn uniformly from a range.
  init(
    _ name: String, _ shapes: Shape..., in range: ClosedRange<Double> = -1...1,
    pass: Pass = Pass(), _ function: @escaping @Sendable ([Variable]) -> Variable
  ) {
    (self.name, self.shapes, self.range, self.pass) = (name, shapes, range, pass)
    self.function = function
  }

  var testDescription: String { name }

  /// The inputs, the same ones for the same name.
  var inputs: [Tensor] {
    shapes.enumerated().map { tensor($1, "\(name) \($0)", in: range) }
  }

  var largestError: Double { GradientCheck(pass: pass, function).largestError(at: inputs) }
}

/// How much of `GradientCheck.largestError` is allowed: where the derivative is right, differences
/// in single precision leave 6e-4 at most in these cases. A derivative that is 1 % off shows.
let gradientTolerance = 2e-3

/// Numbers drawn uniformly from a range, the same ones for the same name.
func tensor(_ shape: Shape, _ name: String, in range: ClosedRange<Double> = -1...1) -> Tensor {
  var random = Random(seed: 3).split(name)
  return Tensor(
    shape,
    (0..<shape.elementCount).map { _ in
      Float(random.uniform(range.lowerBound, range.upperBound))
    })
}

/// The largest difference of two tensors, relative to the largest element of the second.
func largestDifference(_ a: Tensor, _ b: Tensor) -> Double {
  guard a.shape == b.shape else { return .infinity }
  let scale = b.elements.reduce(1e-30) { max($0, Double(abs($1))) }
  return zip(a.elements, b.elements).reduce(0) {
    let difference = abs(Double($1.0) - Double($1.1)) / scale
    return difference.isNaN ? .infinity : max($0, difference)
  }
}

/// A pass with sources of random numbers for a batch.
func sources(_ samples: Int) -> Pass {
  Pass(randomness: (0..<samples).map { Random(seed: 5).split($0) })
}

extension Variable {
  /// Σ weights · x, with weights drawn by name: a loss to which every element matters.
  func weighed(_ name: String = "loss") -> Variable {
    (self * tape.constant(tensor(shape, name))).sum()
  }
}
