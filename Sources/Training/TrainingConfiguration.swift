import ConViT
import Images

/// Everything that decides about a training run: the flags of `convit train`, the keys of its
/// YAML configs. Names and defaults are those of DeiT's `main.py`.
public struct TrainingConfiguration: Hashable, Sendable, Codable {
  // Where
  /// The folder that has `train/<class>/` and `val/<class>/`; a run needs it.
  public var dataPath: String?
  /// The folder to write the run to, which must not hold one already; a run needs it.
  public var outputDir: String?

  // Model
  /// A preset; what follows replaces parts of it.
  public var model = "convit_tiny"
  /// Pixels of the images after their transform, N or HxW.
  public var inputSize = InputSize("224")!
  /// Pixels of a patch's side, which divides both sides of the images.
  public var patchSize = 16
  /// Attention heads of a block; the preset's if left out.
  public var heads: Int?
  /// The features of a head: the embedding has heads × head-dim. ConViT's `--embed_dim`.
  public var headDim: Int?
  /// Blocks; the preset's if left out.
  public var depth: Int?
  /// GPSA blocks, from the first; the preset's if left out, or all but the last if that is fewer.
  public var localUpToLayer: Int?
  /// How sharply GPSA heads look at their offset at the start, α in the paper.
  public var localityStrength: Float = 1
  /// The classes of the head, if there are to be more than the data have.
  public var nbClasses: Int?
  /// Dropout after the embedding, projections and MLP layers.
  public var drop: Float = 0
  /// Stochastic depth of the last block; it grows linearly from 0 at the first.
  public var dropPath: Float = 0.1
  /// A weights file to start from; a head of another size starts anew.
  public var finetune: String?

  // Optimisation
  /// Images a step; DeiT's is for each GPU, here it is all of them.
  public var batchSize = 64
  /// Epochs, each of as many images as there are to train on.
  public var epochs = 300
  /// The rate for a batch of 512: it is scaled by batch / 512 unless `unscaleLr`.
  public var lr = 5e-4
  /// Whether `lr` is the rate for any batch.
  public var unscaleLr = false
  /// The rate at the end of the cosine, whatever the batch.
  public var minLr = 1e-5
  /// The rate at the start of the warm-up, whatever the batch.
  public var warmupLr = 1e-6
  /// 5 if left out, or a quarter of the epochs if that is fewer.
  public var warmupEpochs: Int?
  /// The course of the rate after the warm-up.
  public var sched = LearningRateSchedule.Shape.cosine
  /// Whether the rate changes with every step and not with every epoch.
  public var schedOnUpdates = false
  /// AdamW's decay of all but biases, norms, gates and embeddings.
  public var weightDecay: Float = 0.05
  /// AdamW's ε.
  public var optEps: Float = 1e-8
  /// AdamW's β₁ and β₂.
  public var optBetas: [Float] = [0.9, 0.999]
  /// The largest norm of all gradients together; larger ones are scaled down to it.
  public var clipGrad: Float?
  /// Label smoothing: the share of a target that is spread evenly over all classes.
  public var smoothing: Float = 0.1

  // Data
  /// Three differently augmented copies of each image, a third of the images an epoch.
  public var repeatedAug = true
  /// Whether training images are cropped and mirrored at random; else the evaluation transform.
  public var augment = true
  /// Whether each epoch visits the images in a new random order; else in the folder's.
  public var shuffle = true
  /// The filter that training crops are resized with.
  public var trainInterpolation = Interpolation.bicubic
  /// Whether images are turned as their EXIF orientation says.
  public var exif = true
  /// A colour (R,G,B) that transparent images are laid on; else transparency is dropped.
  public var alphaBackground: String?

  // Running
  /// What initial weights, order, augmentation and dropout are drawn from.
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
