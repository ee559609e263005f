import ArgumentParser
import Recipes

/// The flags of `convit train` that say how the weights change.
struct OptimizerFlags: SettingFlags {
  @Option(
    .name(
      "adamw, adam (L2 decay), sgd (Nesterov's momentum), momentum (classical) or lion. "
        + "(default: adamw)"))
  var opt: OptimizerSettings.Algorithm?
  @Option(.number("Decay of all but 1-D parameters and embeddings. (default: 0.05)"))
  var weightDecay: Float?
  @Option(.number("ε of adamw and adam. (default: 1e-8)")) var optEps: Float?
  @Option(list: .number("β₁ and β₂. (default: 0.9 0.999 for adamw and adam, 0.9 0.99 for lion)"))
  var optBetas: [OrNone<Float>] = []
  @Option(.number("Momentum of sgd and momentum. (default: 0.9)")) var momentum: Float?
  @Option(.number("The most that gradients may come to. (default: none)"))
  var clipGrad: OrOff<Float>?
  @Option(
    .name(
      "What --clip-grad bounds: norm (of all), value (each), agc (each row's norm, as a share of "
        + "its weights'). (default: norm)"))
  var clipMode: OptimizerSettings.ClipMode?
  @Option(.number("A layer's rate as a share of the next layer's. (default: none)"))
  var layerDecay: OrNone<Double>?
  @Option(list: .value("pattern", "Parameters that stay as they are, such as 'blocks.0.*'."))
  var freeze: [OrNone<String>] = []
  @Flag(onOff: "Train attention, head and position embedding only. (default: off)")
  var attnOnly: Bool?
  @Flag(onOff: "Keep and evaluate a moving average. (default: off)") var modelEma: Bool?
  @Option(.number("What the average keeps of itself in a step. (default: 0.99996)"))
  var modelEmaDecay: Double?
  @Flag(onOff: "Let the average keep less in the first steps. (default: off)")
  var modelEmaWarmup: Bool?
}

extension OptimizerSettings.Algorithm: ExpressibleByArgument {}
extension OptimizerSettings.ClipMode: ExpressibleByArgument {}
