/// The parameters of a model in their order, each with its name: what a store's values belong to.
public final class ParameterTree: Sendable {
  /// The published names, in the order of the model's properties.
  public let names: [String]
  /// The parameters, in the same order, each once (tied weights keep their first name).
  public let parameters: [Parameter]
  private let slots: [ObjectIdentifier: Int]
  private let slotsByName: [String: Int]

  /// The tree of a module.
  public init(_ module: any Module) {
    var names: [String] = []
    var parameters: [Parameter] = []
    var slots: [ObjectIdentifier: Int] = [:]
    for (name, parameter) in namedParameters(of: module)
    where slots[ObjectIdentifier(parameter)] == nil {
      slots[ObjectIdentifier(parameter)] = parameters.count
      names.append(name)
      parameters.append(parameter)
    }
    (self.names, self.parameters, self.slots) = (names, parameters, slots)
    slotsByName = Dictionary(uniqueKeysWithValues: zip(names, 0...))
  }

  package var count: Int { parameters.count }
  /// The number of numbers.
  public var elementCount: Int { elementCount(of: .all) }

  package func elementCount(of selection: ParameterSelection) -> Int {
    selection.slots(in: self).reduce(0) { $0 + parameters[$1].shape.elementCount }
  }

  package func hasShapes(of other: ParameterTree) -> Bool {
    self === other || parameters.elementsEqual(other.parameters) { $0.shape == $1.shape }
  }

  package func slot(of parameter: Parameter) -> Int {
    guard let slot = slots[ObjectIdentifier(parameter)] else {
      fatalError(
        "ParameterTree: a parameter of shape \(parameter.shape) and kind \(parameter.kind) is not "
          + "of this model of \(count) parameters (\(names.first ?? "none"), …): it belongs to "
          + "another value of the model, which has parameters of its own (make the model once, and "
          + "weights from it), or to a layer that is not found, as in a dictionary or a function: "
          + "layers are stored properties, optionals and arrays of them")
    }
    return slot
  }

  package func slot(named name: String) -> Int? { slotsByName[name] }
}
