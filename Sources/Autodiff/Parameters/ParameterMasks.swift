import CKernels

/// For some parameters of a model, which of their elements are kept: 1, and 0 for those that are
/// pruned and stay exactly 0.
///
/// ```swift
/// var masks = ParameterMasks(weights.tree)
/// masks[fc1.weight] = Tensor(…)  // zeros and ones
/// learner.mask(by: masks)
/// ```
public struct ParameterMasks: Sendable {
  package let tree: ParameterTree
  package private(set) var values: [Tensor?]  // the masks by slot; nil where nothing is pruned

  /// Masks that keep everything.
  public init(_ tree: ParameterTree) {
    self.tree = tree
    values = Array(repeating: nil, count: tree.count)
  }

  /// The mask of a parameter; nil: all of it is kept.
  ///
  /// - Precondition: it has the parameter's shape, and consists of zeros and ones.
  public subscript(parameter: Parameter) -> Tensor? {
    get { values[tree.slot(of: parameter)] }
    set { self[slot: tree.slot(of: parameter)] = newValue }
  }

  package subscript(slot slot: Int) -> Tensor? {
    get { values[slot] }
    set {
      if let newValue {
        let (name, shape) = (tree.names[slot], tree.parameters[slot].shape)
        checkPrecondition(
          newValue.shape == shape,
          "ParameterMasks: \(name) has shape \(shape), not \(newValue.shape)")
        checkPrecondition(
          Self.isMask(newValue),
          "ParameterMasks: a mask of \(name) that does not consist of zeros and ones")
      }
      values[slot] = newValue
    }
  }

  package static func isMask(_ values: Tensor) -> Bool {
    values.withUnsafeBufferPointer { $0.allSatisfy { $0 == 0 || $0 == 1 } }
  }

  package var keptCount: Int {
    tree.parameters.indices.reduce(0) { sum, slot in
      sum
        + (values[slot].map { Int(ck_sum_squares($0.pointer, $0.count)) }
          ?? tree.parameters[slot].shape.elementCount)
    }
  }
}

extension ParameterStore {
  /// Sets what the masks prune to zero.
  public mutating func apply(_ masks: ParameterMasks) {
    checkPrecondition(masks.tree.hasShapes(of: tree), "ParameterStore: masks of another model")
    for slot in values.indices {
      guard let mask = masks.values[slot] else { continue }
      values[slot].multiply(by: mask)
    }
  }
}

extension Gradients {
  /// Sets the derivatives by what the masks prune to zero, so that an optimiser leaves zeros there.
  public mutating func apply(_ masks: ParameterMasks, on pool: WorkerPool) {
    checkPrecondition(masks.tree.hasShapes(of: tree), "Gradients: masks of another model")
    values.withUnsafeMutableBufferPointer { values in
      pool.run(values.count) { slot in
        guard let mask = masks.values[slot] else { return }
        values[slot]?.multiply(by: mask)
      }
    }
  }
}

extension Tensor {
  /// Zero where a mask is, whatever was there, and the same elsewhere.
  fileprivate mutating func multiply(by mask: Tensor) {
    let (count, out) = (count, mutablePointer())
    for index in 0..<count where mask.pointer[index] == 0 { out[index] = 0 }
  }
}
