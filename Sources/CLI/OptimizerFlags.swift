import ArgumentParser
import Recipes

/// The flags of `convit train` that say how the weights change.
struct OptimizerFlags: SettingFlags {
  @Option(
    help: .name(
      "adamw, adam (L2 decay), sgd (Nesterov's momentum), momentum (classical) or lion. "
        + "(default: adamw)"))
  var opt: OptimizerSettings.Algorithm?
  @Option(help: .number("Decay of all but 1-D parameters and embeddings. (default: 0.05)"))
  var weightDecay: Float?
  @Option(help: .number("ε of adamw and adam. (default: 1e-8)")) var optEps: Float?
  @Option(
    parsing: .upToNextOption,
    help: .number("β₁ and β₂. (default: 0.9 0.999 for adamw and adam, 0.9 0.99 for lion)"))
  var optBetas: [OrNone<Float>] = []
  @Option(help: .number("Momentum of sgd and momentum. (default: 0.9)")) var momentum: Float?
  @Option(help: .number("The most that gradients may come to. (default: none)"))
  var clipGrad: OrOff<Float>?
  @Option(
    help: .name(
      "What --clip-grad bounds: norm (of all), value (each), agc (each row's norm, as a share of "
        + "its weights'). (default: norm)"))
  var clipMode: OptimizerSettings.ClipMode?
  @Option(help: .number("A layer's rate as a share of the next layer's. (default: none)"))
  var layerDecay: OrNone<Double>?
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Parameters that stay as they are, such as 'blocks.0.*'.", valueName: "pattern"))
  var freeze: [OrNone<String>] = []
  @Flag(
    inversion: .prefixedNo,
    help: "Train attention, head and position embedding only. (default: off)")
  var attnOnly: Bool?
  @Flag(inversion: .prefixedNo, help: "Keep and evaluate a moving average. (default: off)")
  var modelEma: Bool?
  @Option(help: .number("What the average keeps of itself in a step. (default: 0.99996)"))
  var modelEmaDecay: Double?
  @Flag(
    inversion: .prefixedNo, help: "Let the average keep less in the first steps. (default: off)")
  var modelEmaWarmup: Bool?
}

extension OptimizerSettings.Algorithm: ExpressibleByArgument {}
extension OptimizerSettings.ClipMode: ExpressibleByArgument {}
