import Autodiff

extension ParameterStore {
  /// Moves parameters away from their start, where many models answer the same whatever they see.
  mutating func addNoise(
    _ deviation: Double, _ random: inout Random, where isMoved: (String) -> Bool = { _ in true }
  ) {
    for (name, parameter) in zip(tree.names, tree.parameters) where isMoved(name) {
      let value = self[parameter].elements.map { $0 + Float(random.normal() * deviation) }
      self[parameter] = Tensor(parameter.shape, value)
    }
  }
}
