import Images

/// What becomes of a training image.
public struct AugmentationSettings: Settings {
  /// Whether training images are cropped and mirrored at random; else the evaluation transform.
  public var augment = true
  /// The filter that training crops are resized with.
  public var trainInterpolation = Interpolation.bicubic

  /// The defaults.
  public init() {}

  /// How training crops are resized.
  public enum Interpolation: String, Hashable, Sendable, Codable, CaseIterable {
    case bilinear, bicubic
    /// One of the two by chance, for each image.
    case random

    var resamplings: [Resampling] {
      switch self {
      case .bilinear: [.bilinear]
      case .bicubic: [.bicubic]
      case .random: [.bilinear, .bicubic]
      }
    }
  }

  /// Throws nothing: any values are good.
  public func validate() throws(TrainingError) {}

  /// The names in configs.
  public enum CodingKeys: String, CodingKey, CaseIterable {
    case augment
    case trainInterpolation = "train-interpolation"
  }
}
