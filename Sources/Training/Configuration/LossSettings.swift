/// What a model is to answer: targets and losses.
public struct LossSettings: Settings {
  /// Label smoothing: the share of a target that is spread evenly over all classes.
  public var smoothing: Float = 0.1

  /// The defaults.
  public init() {}

  /// Throws what is wrong with the values.
  public func validate() throws(TrainingError) {
    try require((0..<1).contains(smoothing), "smoothing must be in 0 ..< 1, found \(smoothing)")
  }

  /// The names in configs.
  public enum CodingKeys: String, CodingKey, CaseIterable {
    case smoothing
  }
}
