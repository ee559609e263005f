import ArgumentParser
import Training

/// The flags of `convit train` that say how the weights change.
struct OptimizerFlags: ParsableArguments {
  @Option(help: .number("Decay of all but 1-D parameters and embeddings. (default: 0.05)"))
  var weightDecay: Float?
  @Option(help: .number("AdamW's ε. (default: 1e-8)")) var optEps: Float?
  @Option(
    parsing: .upToNextOption, help: .number("AdamW's β₁ and β₂. (default: 0.9 0.999)"))
  var optBetas: [Float] = []
  @Option(help: .number("Largest norm of the gradients. (default: none)")) var clipGrad: Float?

  func apply(to c: inout TrainingConfiguration) {
    replace(&c.weightDecay, weightDecay)
    replace(&c.optEps, optEps)
    replace(&c.optBetas, optBetas.isEmpty ? nil : optBetas)
    replace(&c.clipGrad, clipGrad)
  }
}
