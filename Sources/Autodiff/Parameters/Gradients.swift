import CKernels

/// The derivative of a loss by each parameter of a model: a value, in the order of the store.
public struct Gradients: Sendable {
  package let tree: ParameterTree
  /// The derivatives by slot; none where the loss does not depend on the parameter.
  var values: [Tensor?]
  /// The derivatives by values that shards share, by the slots of their keys; none in the end.
  var shared: [Tensor?]

  /// The derivative of a loss that depends on nothing.
  public init(_ tree: ParameterTree) {
    self.tree = tree
    values = Array(repeating: nil, count: tree.count)
    shared = values
  }

  package subscript(slot slot: Int) -> Tensor {
    values[slot] ?? Tensor(repeating: 0, tree.parameters[slot].shape)
  }

  /// The derivative by a parameter.
  public subscript(parameter: Parameter) -> Tensor { self[slot: tree.slot(of: parameter)] }

  /// The derivative by the parameter of a name, if the model has it.
  public subscript(name: String) -> Tensor? { tree.slot(named: name).map { self[slot: $0] } }

  package mutating func multiply(by scale: Float) {
    for slot in values.indices {
      guard let count = values[slot]?.count, let out = values[slot]?.mutablePointer() else {
        continue
      }
      ck_scale(out, scale, out, count)
    }
  }

  /// The Euclidean norm of all derivatives together.
  public var norm: Double {
    values.reduce(0) { sum, value in
      guard let value else { return sum }
      return sum + ck_sum_squares(value.pointer, value.count)
    }.squareRoot()
  }
}
