import ArgumentParser
import Training

/// The flags of `convit train` that say how the weights are found.
struct OptimisationFlags: ParsableArguments {
  @Option(help: .int("Images a step. (default: 64)")) var batchSize: Int?
  @Option(help: .int("Passes over the data. (default: 300)")) var epochs: Int?
  @Option(
    help: .number("Learning rate for a batch of 512; scaled by batch / 512. (default: 5e-4)"))
  var lr: Double?
  @Flag(inversion: .prefixedNo, help: "Take --lr as it is, whatever the batch. (default: off)")
  var unscaleLr: Bool?
  @Option(help: .number("Where the cosine ends. (default: 1e-5)")) var minLr: Double?
  @Option(help: .number("Where the warm-up begins. (default: 1e-6)")) var warmupLr: Double?
  @Option(help: .int("Epochs of linear warm-up. (default: 5, or a quarter of the epochs if fewer)"))
  var warmupEpochs: Int?
  @Option(help: .name("The course after the warm-up. (default: cosine)"))
  var sched: LearningRateSchedule.Shape?
  @Flag(
    inversion: .prefixedNo,
    help: "Change the rate with every step, not every epoch. (default: off)")
  var schedOnUpdates: Bool?
  @Option(help: .number("Decay of all but 1-D parameters and embeddings. (default: 0.05)"))
  var weightDecay: Float?
  @Option(help: .number("AdamW's ε. (default: 1e-8)")) var optEps: Float?
  @Option(
    parsing: .upToNextOption, help: .number("AdamW's β₁ and β₂. (default: 0.9 0.999)"))
  var optBetas: [Float] = []
  @Option(help: .number("Largest norm of the gradients. (default: none)")) var clipGrad: Float?
  @Option(help: .number("Label smoothing. (default: 0.1)")) var smoothing: Float?

  func apply(to c: inout TrainingConfiguration) {
    replace(&c.batchSize, batchSize)
    replace(&c.epochs, epochs)
    replace(&c.lr, lr)
    replace(&c.unscaleLr, unscaleLr)
    replace(&c.minLr, minLr)
    replace(&c.warmupLr, warmupLr)
    replace(&c.warmupEpochs, warmupEpochs)
    replace(&c.sched, sched)
    replace(&c.schedOnUpdates, schedOnUpdates)
    replace(&c.weightDecay, weightDecay)
    replace(&c.optEps, optEps)
    replace(&c.optBetas, optBetas.isEmpty ? nil : optBetas)
    replace(&c.clipGrad, clipGrad)
    replace(&c.smoothing, smoothing)
  }
}

extension LearningRateSchedule.Shape: ExpressibleByArgument {}
