/// How weights change.
public struct OptimizerSettings: Settings {
  /// AdamW's decay of all but biases, norms, gates and embeddings.
  public var weightDecay: Float = 0.05
  /// AdamW's ε.
  public var optEps: Float = 1e-8
  /// AdamW's β₁ and β₂.
  public var optBetas: [Float] = [0.9, 0.999]
  /// The largest norm of all gradients together; larger ones are scaled down to it.
  public var clipGrad: Float?

  /// The defaults.
  public init() {}

  /// Throws what is wrong with the values.
  public func validate() throws(TrainingError) {
    try require(
      weightDecay.isFinite && weightDecay >= 0,
      "weight-decay must not be negative, found \(weightDecay)")
    try require(optEps.isFinite && optEps > 0, "opt-eps must be positive, found \(optEps)")
    try require(
      optBetas.count == 2 && optBetas.allSatisfy { (0..<1).contains($0) },
      "opt-betas must be two numbers in 0 ..< 1, found \(optBetas)")
    try require(
      clipGrad.map { $0.isFinite && $0 > 0 } ?? true,
      "clip-grad must be positive, found \(clipGrad ?? 0)")
  }

  /// The names in configs.
  public enum CodingKeys: String, CodingKey, CaseIterable {
    case weightDecay = "weight-decay"
    case optEps = "opt-eps"
    case optBetas = "opt-betas"
    case clipGrad = "clip-grad"
  }
}
