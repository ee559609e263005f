/// A trainable tensor of a model: its identity, shape, kind and how it starts, but no numbers.
///
/// The numbers live in a `ParameterStore`. Two uses of one `Parameter` are tied weights.
public final class Parameter: Sendable {
  /// What a parameter is for: optimisers and freezing tell parameters apart by it.
  public enum Kind: String, Sendable, CaseIterable {
    case weight, bias, norm, embedding, gate, head, position
  }

  /// The shape.
  public let shape: Shape
  /// What it is for.
  public let kind: Kind
  let initializer: Initializer

  /// A parameter that will start as `initializer` draws it.
  public init(_ shape: Shape, kind: Kind, initial initializer: Initializer) {
    (self.shape, self.kind, self.initializer) = (shape, kind, initializer)
  }
}

/// How a parameter starts.
public struct Initializer: Sendable {
  private let draw: @Sendable (Shape, inout Random) -> Tensor

  /// An initialiser of your own: from the shape and a source of random numbers that depends on the
  /// seed and the parameter's name only.
  public init(_ draw: @escaping @Sendable (Shape, inout Random) -> Tensor) { self.draw = draw }

  package func callAsFunction(_ shape: Shape, _ random: Random) -> Tensor {
    var random = random
    let value = draw(shape, &random)
    checkPrecondition(
      value.shape == shape, "Initializer: shape \(shape) expected, found \(value.shape)")
    return value
  }

  /// Zeros.
  public static let zeros = constant(0)
  /// Ones.
  public static let ones = constant(1)

  /// The same number everywhere.
  public static func constant(_ value: Float) -> Initializer {
    Initializer { shape, _ in Tensor(repeating: value, shape) }
  }

  /// Normal numbers of standard deviation `sigma`, cut at ±2 (timm's `trunc_normal_`).
  public static func truncatedNormal(_ sigma: Double) -> Initializer {
    drawn { $0.truncatedNormal(sigma: sigma) }
  }

  /// Uniform numbers in ±`bound`.
  public static func uniform(_ bound: Double) -> Initializer {
    drawn { $0.uniform(-bound, bound) }
  }

  private static func drawn(_ number: @escaping @Sendable (inout Random) -> Double) -> Initializer {
    Initializer { shape, random in
      Tensor(unsafeUninitialized: shape) { out in
        for i in 0..<shape.elementCount { out[i] = Float(number(&random)) }
      }
    }
  }

  package static let identity = Initializer { shape, _ in
    checkPrecondition(shape.rank == 2, "Initializer.identity: \(shape) is no matrix")
    let columns = shape[1]
    return Tensor(
      shape, (0..<shape.elementCount).map { $0 / columns == $0 % columns ? 1 : 0 })
  }
}
