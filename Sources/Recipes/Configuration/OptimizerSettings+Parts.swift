import Autodiff
import Foundation
import Training

extension OptimizerSettings {
  /// How each parameter is trained.
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

  /// The parameters of a model that stay as they are.
  ///
  /// - Throws: `TrainingError` if a pattern is of no parameter, or nothing is left to train.
  func frozen(in tree: ParameterTree) throws(TrainingError) -> ParameterSelection {
    for pattern in freeze {
      try require(
        !ParameterSelection.named(pattern).slots(in: tree).isEmpty,
        "freeze: no parameter is called '\(pattern)', but '\(tree.names[0])' is")
    }
    var frozen: ParameterSelection = freeze.isEmpty ? .none : .named(freeze)
    if attnOnly { frozen = frozen || !.named("*.attn.*", "head.weight", "head.bias", "pos_embed") }
    try require(frozen.slots(in: tree).count < tree.count, "freeze: all parameters are frozen")
    return frozen
  }

  /// The layer of each parameter as timm counts them: the embedding 0, block i 1 + i, the last norm
  /// with the last block, heads above it.
  private func layers(of names: [String]) -> [Int] {
    let blocks = names.map { name in
      name.hasPrefix("blocks.")
        ? name.split(separator: ".").dropFirst().first.flatMap { Int($0) } : nil
    }
    let depth = 1 + (blocks.compactMap(\.self).max() ?? -1)
    return zip(names, blocks).map { name, block in
      if let block { return 1 + block }
      if name.hasPrefix("norm.") { return depth }
      return name.hasPrefix("head") ? depth + 1 : 0
    }
  }

  /// An optimiser that has made no step.
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

  /// Stores shaped like the weights that a training keeps: the weights, what the optimiser
  /// remembers, the moving average.
  var storeCount: Int { 1 + (opt == .adamw || opt == .adam ? 2 : 1) + (modelEma ? 1 : 0) }

  /// How gradients are made smaller, if they are.
  var clipping: Clipping? {
    guard let clipGrad else { return nil }
    switch clipMode {
    case .norm: return .norm(clipGrad)
    case .value: return .value(clipGrad)
    case .agc: return .rows(Double(clipGrad), of: Self.clippedByRows)
    }
  }

  /// What adaptive clipping looks at: all but the heads, as timm.
  private static let clippedByRows: ParameterSelection = !.named("head*")
}
