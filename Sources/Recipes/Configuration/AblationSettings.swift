import ConViT
import Training

/// What is taken away from a model, to see what it is worth (section 4 of d'Ascoli et al. 2021).
package struct AblationSettings: Settings {
  package enum Gate: String, Hashable, Sendable, Codable, CaseIterable {
    case trained
    /// They stay at `gateStart`.
    case frozen
    /// There are none: content and position are summed before the softmax.
    case absent
  }

  package var gate = Gate.trained
  package var gateStart: Float = 1
  package var localInit = true
  package var freezeGpsa = false
  package var posEmbed = true

  package func validate() throws(TrainingError) {
    try require(gateStart.isFinite, "gate-start must be finite, found \(gateStart)")
    try require(
      gate != .absent || gateStart == AblationSettings().gateStart,
      "gate-start is for gates, and gate absent has none")
    try require(
      !freezeGpsa || gate != .frozen, "freeze-gpsa freezes gates, too: gate frozen has no effect")
  }
}

extension AblationSettings {
  /// Takes away what a configuration has before there are weights.
  func apply(to model: inout ViTConfiguration) throws(TrainingError) {
    model.usePosEmbed = posEmbed
    var others = self
    others.posEmbed = true
    guard others != AblationSettings() else { return }
    let given = zip(
      ["gate", "gate-start", "local-init", "freeze-gpsa"],
      [
        gate != .trained, gateStart != AblationSettings().gateStart, !localInit, freezeGpsa,
      ]
    ).filter(\.1).map(\.0)
    try requireUse(
      of: given.first ?? "gate", model.localUpToLayer > 0,
      "\(given.joined(separator: ", ")): for models that have GPSA blocks")
    (model.isGated, model.gateStart) = (gate != .absent, gateStart)
    if !localInit {
      try require(
        model.start == .convolutional(strength: 1),
        "locality-strength is of the convolutional start, which no-local-init leaves out")
      model.start = .random
    }
  }

  /// The settings that are about how GPSA starts and are not the defaults.
  var start: [String] {
    (gateStart == AblationSettings().gateStart ? [] : ["gate-start"])
      + (localInit ? [] : ["local-init"])
  }

  fileprivate func frozen(in model: ViTConfiguration) -> [String] {
    if freezeGpsa { return (0..<model.localUpToLayer).map { "blocks.\($0).attn.*" } }
    return gate == .frozen ? ["blocks.*.attn.gating_param"] : []
  }
}

extension TrainingConfiguration {
  /// The optimiser's settings, with what the ablation leaves as it starts among what is frozen.
  func trainedOptimizer(of model: ViTConfiguration) -> OptimizerSettings {
    var optimizer = optimizer
    optimizer.freeze += ablation.frozen(in: model)
    return optimizer
  }
}
