import Autodiff

/// What a model is made from, as a value that weights files hold: everything about a model but its
/// numbers.
///
/// ```swift
/// struct Perceptron: Architecture {
///   static let name = "perceptron"
///   var hidden = 64
///   func makeModel() throws(ConfigurationError) -> any Model { TwoLayers(hidden: hidden) }
/// }
/// try SavedModel(Perceptron(), weights).write(to: "mine.safetensors")
/// let saved = try SavedModel(contentsOf: "mine.safetensors", architectures: [Perceptron.self])
/// ```
public protocol Architecture: Codable, Hashable, Sendable {
  /// What weights files call it.
  static var name: String { get }
  /// The numbers that a model gives, such as its classes; nil if that is not known.
  var outputCount: Int? { get }
  /// The model.
  ///
  /// - Throws: what is wrong with the configuration.
  func makeModel() throws(ConfigurationError) -> any Model
}

extension Architecture {
  /// Not known.
  public var outputCount: Int? { nil }
}

extension ViTConfiguration: Architecture {
  /// `vit`, of which files need not say that they are.
  public static let name = "vit"
  /// The classes.
  public var outputCount: Int? { classes }
  /// The vision transformer of the configuration.
  public func makeModel() throws(ConfigurationError) -> any Model { try VisionTransformer(self) }
}
