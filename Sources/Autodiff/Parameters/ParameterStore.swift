/// A tensor for each parameter of a model: its weights, or anything shaped like them.
///
/// ```swift
/// var weights = ParameterStore(model, seed: 0)
/// weights["blocks.0.attn.qk.weight"]
/// ```
public struct ParameterStore: Sendable {
  /// The parameters the values belong to.
  public let tree: ParameterTree
  /// The values by slot.
  public internal(set) var values: [Tensor]

  /// The start of a model: each tensor drawn from (`seed`, its name), whatever the order.
  public init(_ module: any Module, seed: UInt64) {
    self.init(ParameterTree(module), seed: seed)
  }

  /// The start of the parameters of `tree`, drawn by the threads of a pool if there is one.
  public init(_ tree: ParameterTree, seed: UInt64, on pool: WorkerPool? = nil) {
    let random = Random(seed: seed).split("parameters")
    let parameters = Array(zip(tree.parameters, tree.names))
    func start(_ parameter: Parameter, _ name: String) -> Tensor {
      parameter.initializer(parameter.shape, random.split(name))
    }
    self.init(tree, pool?.map(parameters, start) ?? parameters.map(start))
  }

  /// The given values, one a slot.
  public init(_ tree: ParameterTree, _ values: [Tensor]) {
    (self.tree, self.values) = (tree, values)
    checkPrecondition(
      values.count == tree.count,
      "ParameterStore: \(values.count) values for \(tree.count) parameters")
    for slot in values.indices {
      checkPrecondition(
        values[slot].shape == tree.parameters[slot].shape,
        "ParameterStore: \(tree.names[slot]) has shape \(tree.parameters[slot].shape), not "
          + "\(values[slot].shape)")
    }
  }

  /// Puts values, one a slot, in the place of all.
  package mutating func replaceValues(by values: [Tensor]) { self = ParameterStore(tree, values) }

  static let none = ParameterStore(ParameterTree(NoParameters()), [])
  private struct NoParameters: Module {}

  /// Zeros in the shape of every parameter.
  public static func zeros(_ tree: ParameterTree) -> ParameterStore {
    ParameterStore(tree, tree.parameters.map { Tensor(repeating: 0, $0.shape) })
  }

  /// The value of a parameter.
  public subscript(parameter: Parameter) -> Tensor {
    get { values[tree.slot(of: parameter)] }
    set { self[slot: tree.slot(of: parameter)] = newValue }
  }

  /// The value of a name, if the model has it.
  public subscript(name: String) -> Tensor? { tree.slot(named: name).map { values[$0] } }

  /// The value of a slot; the shape stays.
  package subscript(slot slot: Int) -> Tensor {
    get { values[slot] }
    set {
      checkPrecondition(
        newValue.shape == values[slot].shape,
        "ParameterStore: \(tree.names[slot]) has shape \(values[slot].shape), not \(newValue.shape)"
      )
      values[slot] = newValue
    }
  }

  /// Takes the values of another store whose names and shapes are those of parameters here, such as
  /// published weights for a model of which a part was replaced.
  ///
  /// - Parameters:
  ///   - other: where values come from.
  ///   - selection: which parameters are to be taken, of those that can.
  /// - Returns: the names that keep their values.
  @discardableResult
  public mutating func take(
    _ other: ParameterStore, where selection: ParameterSelection = .all
  ) -> [String] {
    var kept: [String] = []
    for (slot, name) in tree.names.enumerated() {
      let parameter = tree.parameters[slot]
      if selection.contains(name, parameter), let value = other[name],
        value.shape == parameter.shape
      {
        values[slot] = value
      } else {
        kept.append(name)
      }
    }
    return kept
  }
}
