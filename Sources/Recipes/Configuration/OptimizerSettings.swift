import Autodiff
import Foundation
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

  package var opt = Algorithm.adamw
  package var weightDecay: Float = 0.05
  package var optEps: Float = 1e-8
  package var optBetas: [Float]?
  package var momentum: Float = 0.9
  package var clipGrad: Float?
  package var clipMode = ClipMode.norm
  package var layerDecay: Double?
  /// Patterns of the names of parameters that stay as they are: `*` is any text, `?` a letter.
  package var freeze: [String] = []
  package var attnOnly = false
  package var modelEma = false
  package var modelEmaDecay = 0.99996
  package var modelEmaWarmup = false

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
    try requireUse(
      modelEma,
      of: [
        "model-ema-decay": modelEmaDecay != defaults.modelEmaDecay,
        "model-ema-warmup": modelEmaWarmup,
      ]
    ) { _ in "model-ema-decay and model-ema-warmup need model-ema" }
  }
}

extension OptimizerSettings {
  func groups(of tree: ParameterTree) -> ParameterGroups {
    var groups = ParameterGroups(tree, weightDecay: weightDecay)
    guard let layerDecay else { return groups }
    let layers = layers(of: tree.names)
    let top = layers.max() ?? 0
    for (slot, layer) in layers.enumerated() {
      groups.rates[slot] = pow(layerDecay, Double(top - layer))
    }
    return groups
  }

  func frozen(in tree: ParameterTree) throws(TrainingError) -> ParameterSelection {
    for pattern in freeze {
      try require(
        !ParameterSelection.named(pattern).slots(in: tree).isEmpty,
        "freeze: no parameter is called '\(pattern)', but '\(tree.names[0])' is")
    }
    var frozen: ParameterSelection = freeze.isEmpty ? .none : .named(freeze)
    if attnOnly {
      frozen = frozen || !.named(["*.attn.*", "head.weight", "head.bias", "pos_embed"])
    }
    try require(frozen.slots(in: tree).count < tree.count, "freeze: all parameters are frozen")
    return frozen
  }

  /// The layer of each parameter as timm counts them: the embedding 0, block i 1 + i, the last norm
  /// with the last block, heads above it, and with them a norm behind the pooling.
  private func layers(of names: [String]) -> [Int] {
    let blocks = names.map { name in
      name.hasPrefix("blocks.")
        ? name.split(separator: ".").dropFirst().first.flatMap { Int($0) } : nil
    }
    let depth = 1 + (blocks.compactMap(\.self).max() ?? -1)
    return zip(names, blocks).map { name, block in
      if let block { return 1 + block }
      if name.hasPrefix("norm.") { return depth }
      return name.hasPrefix("head") || name.hasPrefix("fc_norm.") ? depth + 1 : 0
    }
  }

  func optimizer(_ groups: ParameterGroups) -> any Optimizer {
    let betas = betas.map { ($0[0], $0[1]) } ?? (0, 0)
    switch opt {
    case .adamw: return AdamW(groups, betas: betas, epsilon: optEps)
    case .adam: return Adam(groups, betas: betas, epsilon: optEps)
    case .sgd: return SGD(groups, momentum: momentum, isNesterov: true)
    case .momentum: return SGD(groups, momentum: momentum, isNesterov: false)
    case .lion: return Lion(groups, betas: betas)
    }
  }

  /// β₁ and β₂, the optimiser's own if they were left out; none for one without.
  var betas: [Float]? {
    switch opt {
    case .adamw, .adam: optBetas ?? [0.9, 0.999]
    case .lion: optBetas ?? [0.9, 0.99]
    case .sgd, .momentum: nil
    }
  }

  /// Stores shaped like the weights: these, what the optimiser remembers, the moving average.
  var storeCount: Int { 1 + (opt == .adamw || opt == .adam ? 2 : 1) + (modelEma ? 1 : 0) }

  var clipping: Clipping? {
    guard let clipGrad else { return nil }
    switch clipMode {
    case .norm: return .norm(clipGrad)
    case .value: return .value(clipGrad)
    case .agc: return .rows(Double(clipGrad), of: !.named("head*"))  // spares heads, as timm
    }
  }
}
