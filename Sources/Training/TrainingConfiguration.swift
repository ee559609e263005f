import ConViT
import Images

/// Everything that decides about a training run: the flags of `convit train`, the keys of its
/// YAML configs. Names and defaults are those of DeiT's `main.py`.
public struct TrainingConfiguration: Hashable, Sendable, Codable {
  // Where
  public var dataPath: String?
  public var outputDir: String?

  // Model
  /// A preset; what follows replaces parts of it.
  public var model = "convit_tiny"
  public var inputSize = InputSize("224")!
  public var patchSize = 16
  public var heads: Int?
  /// The features of a head: the embedding has heads × head-dim.
  public var headDim: Int?
  public var depth: Int?
  public var localUpToLayer: Int?
  public var localityStrength: Float = 1
  /// The classes of the head, if there are to be more than the data have.
  public var nbClasses: Int?
  public var drop: Float = 0
  public var dropPath: Float = 0.1
  /// A weights file to start from; a head of another size starts anew.
  public var finetune: String?

  // Optimisation
  public var batchSize = 64
  public var epochs = 300
  /// The rate for a batch of 512: it is scaled by batch / 512 unless `unscaleLr`.
  public var lr = 5e-4
  public var unscaleLr = false
  public var minLr = 1e-5
  public var warmupLr = 1e-6
  /// 5 if left out, or all epochs but one if that is fewer.
  public var warmupEpochs: Int?
  public var sched = LearningRateSchedule.Shape.cosine
  /// Whether the rate changes with every step and not with every epoch.
  public var schedOnUpdates = false
  public var weightDecay: Float = 0.05
  public var optEps: Float = 1e-8
  public var optBetas: [Float] = [0.9, 0.999]
  /// The largest norm of all gradients together; larger ones are scaled down to it.
  public var clipGrad: Float?
  public var smoothing: Float = 0.1

  // Data
  /// Three differently augmented copies of each image, a third of the images an epoch.
  public var repeatedAug = true
  /// Whether training images are cropped and mirrored at random; else the evaluation transform.
  public var augment = true
  public var shuffle = true
  public var trainInterpolation = Interpolation.bicubic
  /// Whether images are turned as their EXIF orientation says.
  public var exif = true
  /// A colour (R,G,B) that transparent images are laid on; else transparency is dropped.
  public var alphaBackground: String?

  // Running
  public var seed: UInt64 = 0
  /// Threads that differentiate; as many as there are processors if left out.
  public var threads: Int?
  /// Threads that read images; as many as `threads` if left out.
  public var numWorkers: Int?
  /// Images that a thread differentiates at a time; chosen by the model's size if left out.
  public var shardSize: Int?
  /// Whether blocks are computed once more for their derivatives, to save memory.
  public var recompute = false
  /// Steps between two lines of `steps.jsonl`.
  public var logEvery = 50

  /// The defaults.
  public init() {}

  /// How training crops are resized.
  public enum Interpolation: String, Hashable, Sendable, Codable, CaseIterable {
    case bilinear, bicubic
    /// One of the two by chance, for each image.
    case random

    var resamplings: [Resampling] {
      switch self {
      case .bilinear: [.bilinear]
      case .bicubic: [.bicubic]
      case .random: [.bilinear, .bicubic]
      }
    }
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case dataPath = "data-path"
    case outputDir = "output-dir"
    case model
    case inputSize = "input-size"
    case patchSize = "patch-size"
    case heads
    case headDim = "head-dim"
    case depth
    case localUpToLayer = "local-up-to-layer"
    case localityStrength = "locality-strength"
    case nbClasses = "nb-classes"
    case drop
    case dropPath = "drop-path"
    case finetune
    case batchSize = "batch-size"
    case epochs
    case lr
    case unscaleLr = "unscale-lr"
    case minLr = "min-lr"
    case warmupLr = "warmup-lr"
    case warmupEpochs = "warmup-epochs"
    case sched
    case schedOnUpdates = "sched-on-updates"
    case weightDecay = "weight-decay"
    case optEps = "opt-eps"
    case optBetas = "opt-betas"
    case clipGrad = "clip-grad"
    case smoothing
    case repeatedAug = "repeated-aug"
    case augment
    case shuffle
    case trainInterpolation = "train-interpolation"
    case exif
    case alphaBackground = "alpha-background"
    case seed
    case threads
    case numWorkers = "num-workers"
    case shardSize = "shard-size"
    case recompute
    case logEvery = "log-every"
  }
}
