import Autodiff
import ConViT
import Safetensors
import Testing

/// Values and gradients of single operators, row by row, against PyTorch's in double precision.
///
/// A row's error is the largest of its elements', relative to the largest element of the row; 5e-7,
/// four units of the last place, is allowed where nothing else is said.
@Suite struct OperatorReferenceTests {
  let file: SafetensorsFile

  init() throws { file = try SafetensorsFile(contentsOf: try fixture("operators.safetensors")) }

  private func tensor(_ name: String) throws -> Tensor {
    Tensor(Shape(try #require(file.info(name)).shape), try file.floats(name))
  }

  private typealias Results = (output: Tensor, gradients: [Tensor])

  /// Value and derivatives of a function of some arguments of an operator of the file.
  private func run(
    _ name: String, _ arguments: [String] = ["input"], _ function: ([Variable]) -> Variable
  ) throws -> Results {
    let tape = Tape()
    let inputs = try arguments.map { tape.variable(try tensor("\(name).\($0)")) }
    let output = function(inputs)
    let hasUpstream = file.info("\(name).upstream") != nil
    let upstream =
      hasUpstream ? try tensor("\(name).upstream") : Tensor(repeating: 1, output.shape)
    var none = Gradients(tape.weights.tree)
    let gradients = tape.accumulateGradients(
      of: (output * tape.constant(upstream)).sum(), into: &none, at: inputs)
    return (output.value, gradients)
  }

  /// The error of each row of `a`, the last axis.
  private func rowErrors(_ a: Tensor, _ name: String) throws -> [Double] {
    let b = try tensor(name)
    try #require(a.count == b.count)
    let columns = b.shape[-1]
    return (0..<b.count / columns).map { row in
      let (x, y) = (
        a.elements[row * columns..<(row + 1) * columns].map(Double.init),
        b.elements[row * columns..<(row + 1) * columns].map(Double.init)
      )
      let scale = max(y.map(abs).max() ?? 0, 1e-30)
      let error = zip(x, y).map { abs($0 - $1) }.max() ?? 0
      return error.isNaN ? .infinity : error / scale
    }
  }

  private func expectRows(
    _ a: Tensor, _ name: String, within tolerances: [Double],
    at location: SourceLocation = #_sourceLocation
  ) throws {
    let errors = try rowErrors(a, name)
    try #require(errors.count == tolerances.count, "\(name)", sourceLocation: location)
    for (row, (error, tolerance)) in zip(errors, tolerances).enumerated() {
      #expect(error <= tolerance, "\(name), row \(row)", sourceLocation: location)
    }
  }

  private func expectRows(
    _ a: Tensor, _ name: String, within tolerance: Double = 5e-7,
    at location: SourceLocation = #_sourceLocation
  ) throws {
    let count = try rowErrors(a, name).count
    try expectRows(
      a, name, within: Array(repeating: tolerance, count: count), at: location)
  }

  @Test func gelu() throws {
    let result = try run("gelu") { $0[0].gelu() }
    // Element by element, so that the tail counts: gelu(−8) is −5e-15, in the file to within the
    // rounding of 1 + erf. The derivative crosses 0.
    for (a, b) in zip(result.output.elements, try tensor("gelu.output").elements) {
      #expect(abs(a - b) <= 1e-5 * abs(b) + 5e-16)
    }
    for (a, b) in zip(result.gradients[0].elements, try tensor("gelu.input_gradient").elements) {
      #expect(abs(a - b) <= 1e-6)
    }
  }

  @Test func layerNorm() throws {
    let result = try run("layer_norm", ["input", "weight", "bias"]) {
      $0[0].layerNorm($0[1], bias: $0[2])
    }
    try expectRows(result.output, "layer_norm.output")
    // x̂ of rows around 1000, and around −3 with a spread of 1e-3, has the rounding of their means.
    try expectRows(
      result.gradients[0], "layer_norm.input_gradient",
      within: [5e-7, 2e-6, 6e-6, 5e-7, 5e-7, 5e-7])
    try expectRows(result.gradients[1], "layer_norm.weight_gradient", within: 1e-5)
    try expectRows(result.gradients[2], "layer_norm.bias_gradient")
  }

  @Test func softmax() throws {
    let result = try run("softmax") { $0[0].softmax() }
    try expectRows(result.output, "softmax.output")
    try expectRows(result.gradients[0], "softmax.input_gradient")
  }

  @Test func logSoftmax() throws {
    let result = try run("log_softmax") { $0[0].logSoftmax() }
    try expectRows(result.output, "log_softmax.output")
    try expectRows(result.gradients[0], "log_softmax.input_gradient")
  }

  @Test func crossEntropy() throws {
    let labels = try file.integers("cross_entropy.labels")
    let hard = try run("cross_entropy") { $0[0].crossEntropy(labels: labels).mean() }
    try expectRows(hard.output, "cross_entropy.output")
    try expectRows(hard.gradients[0], "cross_entropy.input_gradient")
    let losses = Tape().constant(try tensor("cross_entropy.input")).crossEntropy(labels: labels)
    try expectRows(losses.value, "cross_entropy.per_sample")

    let smoothed = try run("cross_entropy_smoothed") {
      $0[0].crossEntropy(labels: labels, smoothing: 0.1).mean()
    }
    try expectRows(smoothed.output, "cross_entropy_smoothed.output")
    try expectRows(smoothed.gradients[0], "cross_entropy_smoothed.input_gradient")

    let targets = try tensor("cross_entropy_soft.targets")
    let soft = try run("cross_entropy_soft") { $0[0].crossEntropy(targets).mean() }
    try expectRows(soft.output, "cross_entropy_soft.output")
    try expectRows(soft.gradients[0], "cross_entropy_soft.input_gradient")
  }

  /// DeiT's losses from a teacher, composed of operators.
  @Test func distillation() throws {
    for tau: Float in [1, 3] {
      let name = "distillation_soft_\(Int(tau))"
      let teacher = try tensor("\(name).teacher")
      let soft = try run(name) { x in
        let theirs = (1 / tau * x[0].tape.constant(teacher)).logSoftmax()
        let ours = (1 / tau * x[0]).logSoftmax()
        return tau * tau / Float(teacher.count) * (theirs.exp() * (theirs - ours)).sum()
      }
      try expectRows(soft.output, "\(name).output")
      try expectRows(soft.gradients[0], "\(name).input_gradient")
    }
    let teacher = try tensor("distillation_hard.teacher")
    let labels = (0..<4).map { row in (0..<5).max { teacher[row, $0] < teacher[row, $1] } ?? 0 }
    let hard = try run("distillation_hard") { $0[0].crossEntropy(labels: labels).mean() }
    try expectRows(hard.output, "distillation_hard.output")
    try expectRows(hard.gradients[0], "distillation_hard.input_gradient")
  }

  /// The comparison notices a number that is off in its sixth digit, and another ε.
  @Test func noticesADifference() throws {
    let output = try tensor("softmax.output")
    var elements = output.elements
    elements[3] *= 1.00001
    #expect(try rowErrors(Tensor(output.shape, elements), "softmax.output")[0] > 1e-6)
    let wrong = try run("layer_norm", ["input", "weight", "bias"]) {
      $0[0].layerNorm($0[1], bias: $0[2], epsilon: 1.01e-6)
    }
    #expect(try rowErrors(wrong.output, "layer_norm.output")[5] > 1e-3)
  }
}
