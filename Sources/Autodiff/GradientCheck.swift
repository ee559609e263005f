/// Compares derivatives on the tape with finite differences, for operators and models of one's own.
///
/// ```swift
/// let check = GradientCheck { x in x[0].matmul(x[1]).gelu() }
/// check.largestError(at: [a, b])  // about 1e-4
/// ```
///
/// The value is reduced to a number by fixed random weights, so that every element of it counts.
/// Differences are central, and the reduction is summed in double precision, but the values are
/// single: with a step of 1e-2 errors of 1e-3 are rounding, not faults.
public struct GradientCheck {
  private let function: ([Variable]) -> Variable
  private let step: Float
  private let pass: Pass

  /// A check of a function of tensors.
  public init(
    step: Float = 1e-2, pass: Pass = Pass(), _ function: @escaping ([Variable]) -> Variable
  ) {
    (self.function, self.step, self.pass) = (function, step, pass)
  }

  /// The largest difference between the two derivatives by any element of any input, relative to
  /// the largest derivative by that input (or to 1e-2, if that is larger).
  public func largestError(at inputs: [Tensor]) -> Double {
    var largest = 0.0
    for (index, gradient) in derivatives(at: inputs).enumerated() {
      let differences = differences(at: inputs, by: index)
      let scale = max(1e-2, differences.map(abs).max() ?? 0)
      for (a, b) in zip(gradient.elements, differences) {
        let error = abs(Double(a) - b) / scale
        largest = error.isNaN ? .infinity : max(largest, error)
      }
    }
    return largest
  }

  private func derivatives(at inputs: [Tensor]) -> [Tensor] {
    let tape = Tape(pass)
    let variables = inputs.map(tape.variable)
    let value = function(variables)
    let loss = (value * tape.constant(weights(value.shape))).sum()
    var none = Gradients(tape.weights.tree)
    return tape.accumulateGradients(of: loss, into: &none, at: variables)
  }

  private func differences(at inputs: [Tensor], by index: Int) -> [Double] {
    let elements = inputs[index].elements
    return elements.indices.map { element in
      func number(_ value: Float) -> Double {
        var moved = elements
        moved[element] = value
        var inputs = inputs
        inputs[index] = Tensor(inputs[index].shape, moved)
        return self.number(at: inputs)
      }
      let (up, down) = (elements[element] + step, elements[element] - step)
      return (number(up) - number(down)) / (Double(up) - Double(down))
    }
  }

  private func number(at inputs: [Tensor]) -> Double {
    let tape = Tape(pass)
    let value = function(inputs.map(tape.constant)).value
    return zip(value.elements, weights(value.shape).elements).reduce(0) {
      $0 + Double($1.0) * Double($1.1)
    }
  }

  private func weights(_ shape: Shape) -> Tensor {
    var random = Random(seed: 7).split("gradient check")
    return Tensor(shape, (0..<shape.elementCount).map { _ in Float(random.uniform(-1, 1)) })
  }
}
