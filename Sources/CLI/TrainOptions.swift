import ArgumentParser
import Training

/// The flags of `convit train`: each replaces a value of the configuration.
struct TrainOptions: ParsableArguments {
  // Model
  @Option(help: "The preset to start from; see convit models. (default: convit_tiny)")
  var model: String?
  @Option(help: "Pixels of the images: N, or HxW. (default: 224)")
  var inputSize: InputSize?
  @Option(help: "Pixels of a patch's side. (default: 16)")
  var patchSize: Int?
  @Option(help: "Attention heads.") var heads: Int?
  @Option(help: "Features of a head (the reference's --embed_dim).") var headDim: Int?
  @Option(help: "Blocks.") var depth: Int?
  @Option(help: "GPSA blocks, from the first.") var localUpToLayer: Int?
  @Option(help: "Sharpness of the convolutional start, α. (default: 1)")
  var localityStrength: Float?
  @Option(help: "Classes of the head, if more than the data have.") var nbClasses: Int?
  @Option(help: "Dropout. (default: 0)") var drop: Float?
  @Option(help: "Stochastic depth of the last block. (default: 0.1)") var dropPath: Float?
  @Option(help: "Weights to start from; a head for other classes starts anew.")
  var finetune: String?

  // Optimisation
  @Option(help: "Images a step. (default: 64)") var batchSize: Int?
  @Option(help: "Passes over the data. (default: 300)") var epochs: Int?
  @Option(help: "Learning rate for a batch of 512; scaled by batch / 512. (default: 5e-4)")
  var lr: Double?
  @Flag(inversion: .prefixedNo, help: "Take --lr as it is, whatever the batch.")
  var unscaleLr: Bool?
  @Option(help: "Where the cosine ends. (default: 1e-5)") var minLr: Double?
  @Option(help: "Where the warm-up begins. (default: 1e-6)") var warmupLr: Double?
  @Option(help: "Epochs of linear warm-up. (default: 5)") var warmupEpochs: Int?
  @Option(help: "cosine or constant. (default: cosine)") var sched: LearningRateSchedule.Shape?
  @Flag(inversion: .prefixedNo, help: "Change the rate with every step, not every epoch.")
  var schedOnUpdates: Bool?
  @Option(help: "Decay of all but 1-D parameters and embeddings. (default: 0.05)")
  var weightDecay: Float?
  @Option(help: "AdamW's ε. (default: 1e-8)") var optEps: Float?
  @Option(parsing: .upToNextOption, help: "AdamW's β₁ and β₂. (default: 0.9 0.999)")
  var optBetas: [Float] = []
  @Option(help: "Largest norm of the gradients. (default: none)") var clipGrad: Float?
  @Option(help: "Label smoothing. (default: 0.1)") var smoothing: Float?

  // Data
  @Flag(inversion: .prefixedNo, help: "Three augmented copies of each image in turn. (default: on)")
  var repeatedAug: Bool?
  @Flag(
    inversion: .prefixedNo,
    help: "Random crops and mirror images; without, the evaluation transform. (default: on)")
  var augment: Bool?
  @Flag(inversion: .prefixedNo, help: "A new order every epoch. (default: on)")
  var shuffle: Bool?
  @Option(help: "How crops are resized: bicubic, bilinear or random. (default: bicubic)")
  var trainInterpolation: TrainingConfiguration.Interpolation?
  @OptionGroup var images: ImageOptions

  // Running
  @Option(help: "What every random number depends on. (default: 0)") var seed: UInt64?
  @Option(help: "Threads that compute. (default: the processors)") var threads: Int?
  @Option(help: "Threads that read images. (default: as --threads)") var numWorkers: Int?
  @Option(help: "Images a thread differentiates at a time. (default: by the model's size)")
  var shardSize: Int?
  @Option(help: "Steps between lines of steps.jsonl. (default: 50)") var logEvery: Int?

  /// Puts what was given in the place of the configuration's values.
  func apply(to c: inout TrainingConfiguration) {
    replace(&c.model, model)
    replace(&c.inputSize, inputSize)
    replace(&c.patchSize, patchSize)
    replace(&c.heads, heads)
    replace(&c.headDim, headDim)
    replace(&c.depth, depth)
    replace(&c.localUpToLayer, localUpToLayer)
    replace(&c.localityStrength, localityStrength)
    replace(&c.nbClasses, nbClasses)
    replace(&c.drop, drop)
    replace(&c.dropPath, dropPath)
    replace(&c.finetune, finetune)
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
    replace(&c.repeatedAug, repeatedAug)
    replace(&c.augment, augment)
    replace(&c.shuffle, shuffle)
    replace(&c.trainInterpolation, trainInterpolation)
    replace(&c.exif, images.exif)
    replace(&c.alphaBackground, images.alphaBackground)
    replace(&c.seed, seed)
    replace(&c.threads, threads)
    replace(&c.numWorkers, numWorkers)
    replace(&c.shardSize, shardSize)
    replace(&c.logEvery, logEvery)
  }
}

private func replace<Value>(_ value: inout Value, _ replacement: Value?) {
  if let replacement { value = replacement }
}

private func replace<Value>(_ value: inout Value?, _ replacement: Value?) {
  if let replacement { value = replacement }
}

extension InputSize: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
extension LearningRateSchedule.Shape: ExpressibleByArgument {}
extension TrainingConfiguration.Interpolation: ExpressibleByArgument {}
