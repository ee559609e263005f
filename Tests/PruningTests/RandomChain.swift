import Autodiff
import ConViT

@testable import Pruning

/// Linear layers without biases, with an activation between any two.
struct RandomChain: Model {
  let input: Shape
  let layers: [Linear]
  let activation: @Sendable (Variable) -> Variable

  init(
    _ widths: [Int], law: @escaping (Int) -> EntryLaw,
    activation: @escaping @Sendable (Variable) -> Variable = { $0.relu() }
  ) {
    input = [widths[0]]
    layers = zip(widths, widths.dropFirst()).map { inputs, outputs in
      Linear(inputs, outputs, bias: false, initial: law(inputs).initializer)
    }
    self.activation = activation
  }

  func callAsFunction(_ x: Variable) -> Variable {
    layers.dropFirst().reduce(layers[0](x)) { $1(activation($0)) }
  }

  /// The output of every layer, before any activation.
  func outputs(_ x: Variable) -> [Tensor] {
    var (all, y) = ([Tensor](), x)
    for (place, layer) in layers.enumerated() {
      y = layer(place == 0 ? y : activation(y))
      all.append(y.value)
    }
    return all
  }
}

extension EntryLaw {
  /// Weights that follow the law.
  var initializer: Initializer {
    switch self {
    case .uniform(let bound): .uniform(bound)
    case .normal(let deviation):
      Initializer { shape, random in
        var numbers = Array(repeating: Float(0), count: shape.elementCount)
        numbers.withUnsafeMutableBufferPointer { random.fillNormal($0) }
        return Tensor(shape, numbers.map { Float(deviation) * $0 })
      }
    }
  }

  /// Of weights whose variance is 2 / inputs.
  static func scaled(uniform isUniform: Bool, _ inputs: Int) -> EntryLaw {
    isUniform
      ? .uniform(bound: (6 / Double(inputs)).squareRoot())
      : .normal(deviation: (2 / Double(inputs)).squareRoot())
  }
}

extension Tensor {
  /// Normal numbers.
  static func normal(_ shape: Shape, seed: UInt64) -> Tensor {
    var random = Random(seed: seed)
    return Tensor(shape, (0..<shape.elementCount).map { _ in Float(random.normal()) })
  }

  var squaredNorm: Double {
    withUnsafeBufferPointer { $0.reduce(0) { $0 + Double($1) * Double($1) } }
  }
}

extension ParameterStore {
  /// What a mask leaves.
  func pruned(by masks: ParameterMasks) -> ParameterStore {
    var pruned = self
    pruned.apply(masks)
    return pruned
  }
}
