/// The operators of a pass in order, with their values: what an exporter reads.
///
/// Beside a dry run (``Costs``), which notes shapes alone, it keeps all tensors, so that constants
/// and what follows from parameters alone are known by their numbers. As nothing writes to a tensor
/// that is kept, a value is known by where it lies and by its shape (``Tensor/identity``).
///
/// ```swift
/// let trace = Trace()
/// let logits = model(Tape(weights, tracing: trace).constant(images))
/// ```
package final class Trace {
  /// An operator as it was called.
  package struct Operator {
    /// What it computes.
    package let operation: TracedOperation
    /// The name of the function that it stands in, such as `crossEntropy`.
    package let name: String
    /// What it was given.
    package let inputs: [Tensor]
    /// What it gave.
    package let output: Tensor

    package init(
      _ operation: TracedOperation, name: String, inputs: [Tensor], output: Tensor
    ) {
      (self.operation, self.name) = (operation, name)
      (self.inputs, self.output) = (inputs, output)
    }
  }

  package private(set) var operators: [Operator] = []
  var inputs: [Tensor] = []  // of the operator that is being called

  package init() {}

  func note(_ operation: TracedOperation, _ name: StaticString, _ output: Tensor) {
    let name = String("\(name)".prefix { $0 != "(" })
    operators.append(Operator(operation, name: name, inputs: inputs, output: output))
    inputs.removeAll()
  }
}

extension Tape {
  /// An empty tape for inference, of which a trace notes the operators.
  package convenience init(_ weights: ParameterStore = .none, tracing trace: Trace) {
    self.init(weights, .inference)
    self.trace = trace
  }
}

extension Tensor {
  /// What tells a value from all others, while it lives: where it lies, and its shape.
  package struct Identity: Hashable {
    private let address: UnsafePointer<Float>
    private let shape: Shape

    fileprivate init(_ tensor: Tensor) {
      (address, shape) = (tensor.pointer, tensor.shape)
    }
  }

  package var identity: Identity { Identity(self) }
}
