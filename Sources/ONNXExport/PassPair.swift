import Autodiff
import ConViT

/// The operators of a model's pass, traced twice.
///
/// Two passes over different images, of different numbers, tell what a single one does not: which
/// axes are the batch's, and whether a value that no parameter and no operator explains is a
/// constant indeed.
struct PassPair {
  static let batches = (2, 3)

  let images, logits: TracedValue
  let steps: [TracedStep]

  init(_ model: any Model, _ weights: ParameterStore) throws(ExportError) {
    let first = try TracedPass(model, weights, examples: Self.batches.0)
    let second = try TracedPass(model, weights, examples: Self.batches.1)
    guard first.operators.count == second.operators.count, first.sources == second.sources else {
      throw ExportError("the model's operators depend on the images or their number")
    }
    var steps: [TracedStep] = []
    for (a, b) in zip(first.operators, second.operators) {
      guard a.operation == b.operation, a.name == b.name else {
        throw ExportError(
          "the operator '\(a.name)' depends on the images or their number: it is \(a.operation) "
            + "for \(Self.batches.0) and \(b.operation), of '\(b.name)', for \(Self.batches.1)")
      }
      steps.append(
        TracedStep(
          operation: a.operation, name: a.name,
          inputs: zip(a.inputs, b.inputs).map { TracedValue(first: $0, second: $1) },
          output: TracedValue(first: a.output, second: b.output)))
    }
    self.steps = steps
    images = TracedValue(first: first.images, second: second.images)
    logits = TracedValue(first: first.logits, second: second.logits)
  }
}

/// One of the two passes, of plain operators.
private struct TracedPass {
  let images, logits: Tensor
  var operators: [Trace.Operator] = []
  /// Where each input of each operator is from: the operator that computes it, or nil.
  var sources: [[Int?]] = []

  init(_ model: any Model, _ weights: ParameterStore, examples: Int) throws(ExportError) {
    var random = Random(seed: 0).split("export").split(examples)
    let shape = Shape([examples] + model.input.sizes)
    let noise = (0..<shape.elementCount).map { _ in Float(2 * random.uniform() - 1) }
    images = Tensor(shape, noise)
    let trace = Trace()
    logits = model(Tape(weights, tracing: trace).constant(images)).value
    var places: [Tensor.Identity: Int] = [:]
    for traced in trace.operators {
      for plain in try traced.plain() {
        sources.append(plain.inputs.map { places[$0.identity] })
        if places[plain.output.identity] == nil { places[plain.output.identity] = operators.count }
        operators.append(plain)
      }
    }
  }
}
