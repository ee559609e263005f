/// Which images an epoch visits, and how they are read.
public struct DataSettings: Settings {
  /// The folder that has `train/<class>/` and `val/<class>/`; a run needs it.
  public var dataPath: String?
  /// Three differently augmented copies of each image, a third of the images an epoch.
  public var repeatedAug = true
  /// Whether each epoch visits the images in a new random order; else in the folder's.
  public var shuffle = true
  /// Whether images are turned as their EXIF orientation says.
  public var exif = true
  /// A colour (R,G,B) that transparent images are laid on; else transparency is dropped.
  public var alphaBackground: String?
  /// Whether libjpeg makes large JPEGs smaller while it decodes them: faster, not exact.
  public var scaledDecoding = false

  /// The defaults.
  public init() {}

  /// Throws nothing: `decoder()` looks at the colour.
  public func validate() throws(TrainingError) {}

  /// The names in configs.
  public enum CodingKeys: String, CodingKey, CaseIterable {
    case dataPath = "data-path"
    case repeatedAug = "repeated-aug"
    case shuffle
    case exif
    case alphaBackground = "alpha-background"
    case scaledDecoding = "scaled-decoding"
  }
}
