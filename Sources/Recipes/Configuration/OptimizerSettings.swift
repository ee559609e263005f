import Training

/// How weights change.
package struct OptimizerSettings: Settings {
  /// A way to make steps of gradients, by timm's names: `sgd` has Nesterov's momentum and
  /// `momentum` the classical one; the decay of `adam` is part of the gradient, that of `adamw` is
  /// not.
  package enum Algorithm: String, Hashable, Sendable, Codable, CaseIterable {
    case adamw, adam, sgd, momentum, lion
  }
  /// What is kept small: the norm of all gradients together, each element, or the norm of each
  /// row beside that of its weights (adaptive clipping, which spares the heads).
  package enum ClipMode: String, Hashable, Sendable, Codable, CaseIterable {
    case norm, value, agc
  }

  /// The optimiser.
  package var opt = Algorithm.adamw
  /// The decay of all but biases, norms, gates and embeddings.
  package var weightDecay: Float = 0.05
  /// The ε of AdamW and Adam.
  package var optEps: Float = 1e-8
  /// β₁ and β₂ of AdamW and Adam (0.9 and 0.999 if left out) and Lion (0.9 and 0.99).
  package var optBetas: [Float]?
  /// The momentum of `sgd` and `momentum`.
  package var momentum: Float = 0.9
  /// The most that gradients may come to, in the way of `clipMode`.
  package var clipGrad: Float?
  /// What `clipGrad` is the bound of.
  package var clipMode = ClipMode.norm
  /// What a layer's rate is of that of the layer above it; the same for all if left out.
  package var layerDecay: Double?
  /// Patterns of the names of parameters that stay as they are: `*` is any text, `?` a letter.
  package var freeze: [String] = []
  /// Whether all but attention, head and position embedding stay as they are.
  package var attnOnly = false
  /// Whether a moving average of the weights is kept and evaluated.
  package var modelEma = false
  /// What the average keeps of itself in a step.
  package var modelEmaDecay = 0.99996
  /// Whether the average keeps less in the first steps.
  package var modelEmaWarmup = false

  /// The defaults.
  package init() {}

  /// Throws what is wrong with the values.
  package func validate() throws(TrainingError) {
    try require(
      weightDecay.isFinite && weightDecay >= 0,
      "weight-decay must not be negative, found \(weightDecay)")
    try require(optEps.isFinite && optEps > 0, "opt-eps must be positive, found \(optEps)")
    if let betas = optBetas {
      try require(
        betas.count == 2 && betas.allSatisfy { (0..<1).contains($0) },
        "opt-betas must be two numbers in 0 ..< 1, found \(betas)")
    }
    try require((0..<1).contains(momentum), "momentum must be in 0 ..< 1, found \(momentum)")
    try require(
      clipGrad.map { $0.isFinite && $0 > 0 } ?? true,
      "clip-grad must be positive, found \(clipGrad ?? 0)")
    try require(
      layerDecay.map { $0 > 0 && $0 <= 1 } ?? true,
      "layer-decay must be above 0 and at most 1, found \(layerDecay ?? 0)")
    try require(
      (0..<1).contains(modelEmaDecay), "model-ema-decay must be in 0 ..< 1, found \(modelEmaDecay)")
    try validateUse()
  }

  /// Throws where a value would have no effect.
  private func validateUse() throws(TrainingError) {
    let defaults = OptimizerSettings()
    let hasMomentum = opt == .sgd || opt == .momentum
    try requireUse(
      of: "opt-eps", opt == .adamw || opt == .adam || optEps == defaults.optEps,
      "opt-eps is for opt adamw and adam, not \(opt)")
    try requireUse(
      of: "opt-betas", !hasMomentum || optBetas == nil,
      "opt-betas is for opt adamw, adam and lion, not \(opt)")
    try requireUse(
      of: "momentum", hasMomentum || momentum == defaults.momentum,
      "momentum is for opt sgd and momentum, not \(opt)")
    try requireUse(
      of: "clip-mode", clipGrad != nil || clipMode == .norm, "clip-mode \(clipMode) needs clip-grad"
    )
    for (name, isGiven) in [
      ("model-ema-decay", modelEmaDecay != defaults.modelEmaDecay),
      ("model-ema-warmup", modelEmaWarmup),
    ] {
      try requireUse(
        of: name, modelEma || !isGiven, "model-ema-decay and model-ema-warmup need model-ema")
    }
  }
}
