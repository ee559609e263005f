import ArgumentParser
import Autodiff
import Images
import Pruning
import Recipes
import Training

/// The flags of `convit train` that say where everything is.
struct FileFlags: ParsableArguments {
  @Option(.folder("The folder of images or clips, or a file that lists them.")) var dataPath:
    String?
  @Option(.folder("The folder to write the run to.")) var outputDir: String?
  @Option(.file("A YAML file of flags.")) var config: String?
}

/// The other flags of `convit train`: each replaces a value of the configuration.
struct TrainOptions: SettingFlags {
  @OptionGroup(title: "Model") var model: ModelFlags
  @OptionGroup(title: "Pruning") var pruning: PruningFlags
  @OptionGroup(title: "Ablation") var ablation: AblationFlags
  @OptionGroup(title: "Schedule") var schedule: ScheduleFlags
  @OptionGroup(title: "Optimiser") var optimizer: OptimizerFlags
  @OptionGroup(title: "Targets and loss") var loss: LossFlags
  @OptionGroup(title: "Augmentation") var augmentation: AugmentationFlags
  @OptionGroup(title: "Data") var data: DataFlags
  @OptionGroup(title: "Running") var running: RunningFlags
}

/// The flags of `convit train` about weights that are pruned.
struct PruningFlags: SettingFlags {
  @Flag(onOff: "Keep at 0 what is pruned in the weights of --finetune. (default: on)")
  var keepPruned: Bool?
  @Option(.number("Share of the weights of --finetune that is gone at the end. (default: none)"))
  var prune: OrNone<Double>?
  @Option(.int("Rounds, over the epochs, in which they go, the smallest first. (default: 1)"))
  var pruneRounds: Int?
  @Option(.name("Of each layer that share, or of all together (global). (default: layer)"))
  var pruneScope: PruningRule.Scope?
}

/// The flags of `convit train` that take something away from the model.
struct AblationFlags: SettingFlags {
  @Option(
    .name(
      "Gates between content and position: trained, frozen, or absent (summed before the "
        + "softmax). (default: trained)"))
  var gate: AblationSettings.Gate?
  @Option(.number("The gates' λ at the start. (default: 1)")) var gateStart: Float?
  @Flag(onOff: "Start GPSA as a convolution, or else at random. (default: on)") var localInit: Bool?
  @Flag(onOff: "Leave all of the GPSA layers as it starts. (default: off)") var freezeGpsa: Bool?
  @Flag(onOff: "Learn a position embedding. (default: on)") var posEmbed: Bool?
}

extension AblationSettings.Gate: ExpressibleByArgument {}

/// The flags of `convit train` that say how long it is and how fast the weights change.
struct ScheduleFlags: SettingFlags {
  @Option(.int("Images read together, and in a step. (default: 64)")) var batchSize: Int?
  @Option(.int("Images a step, a multiple of --batch-size. (default: --batch-size)"))
  var globalBatchSize: OrNone<Int>?
  @Option(.int("Passes over the data. (default: 300)")) var epochs: Int?
  @Option(.number("Learning rate for a batch of 512; scaled by batch / 512. (default: 5e-4)"))
  var lr: Double?
  @Flag(onOff: "Take --lr as it is, whatever the batch. (default: off)") var unscaleLr: Bool?
  @Option(.number("Where cosine, linear, poly and plateau end. (default: 1e-5)")) var minLr: Double?
  @Option(.number("Where the warm-up begins. (default: 1e-6)")) var warmupLr: Double?
  @Option(.int("Epochs of linear warm-up. (default: 5, or a quarter of the epochs if fewer)"))
  var warmupEpochs: OrNone<Int>?
  @Option(.int("Epochs at --min-lr after --epochs. (default: 0)")) var cooldownEpochs: Int?
  @Option(
    .name(
      "After the warm-up: cosine, linear, poly, step, multistep, constant or plateau. (default: "
        + "cosine)"))
  var sched: LearningRateSchedule.Shape?
  @Option(.number("Epochs between the drops of step. (default: 30)")) var decayEpochs: Double?
  @Option(list: .int("Epochs that multistep drops with. (default: 90 180 270)"))
  var decayMilestones: [Int] = []
  @Option(.number("Factor of a drop; the power of poly. (default: 0.1)")) var decayRate: Double?
  @Option(.int("Evaluations that plateau waits for a better accuracy. (default: 10)"))
  var patienceEpochs: Int?
  @Option(.int("Evaluations without a better accuracy after which a run ends. (default: none)"))
  var earlyStop: OrOff<Int>?
  @Option(list: .number("Share of the epochs from which on the rate has noise, and up to which."))
  var lrNoise: [OrNone<Double>] = []
  @Option(.number("Largest noise, as a share of the rate. (default: 0.67)")) var lrNoisePct: Double?
  @Option(.number("Its standard deviation. (default: 1)")) var lrNoiseStd: Double?
  @Flag(onOff: "Change the rate with every step, not every epoch. (default: off)")
  var schedOnUpdates: Bool?
}

extension LearningRateSchedule.Shape: ExpressibleByArgument {}

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

/// The flags of `convit train` that say what a model is to answer.
struct LossFlags: SettingFlags {
  @Option(.number("Label smoothing. (default: 0.1)")) var smoothing: Double?
  @Option(
    .file(
      "How much classes count: balanced (n / (classes · n_c)), or a YAML or JSON file of a "
        + "weight for each. (default: none)"))
  var classWeights: OrNone<String>?
  @Option(.number("Blend images: α of the shares' Beta(α, α), 0 is off. (default: 0.8)"))
  var mixup: Double?
  @Option(.number("Paste boxes of images: α of the shares' Beta(α, α), 0 is off. (default: 1)"))
  var cutmix: Double?
  @Option(
    list: .number("The smallest and largest side of the boxes, by the image's, instead of α."))
  var cutmixMinmax: [OrNone<Double>] = []
  @Option(.number("How probable mixing is. (default: 1)")) var mixupProb: Double?
  @Option(.number("How probable cutmix is beside mixup. (default: 0.5)"))
  var mixupSwitchProb: Double?
  @Option(.name("Draw for each batch, pair or elem(ent). (default: batch)"))
  var mixupMode: Mixing.Mode?
  @Option(.int("The epoch, from 0, at which mixing ends; 0 is never. (default: 0)"))
  var mixupOffEpoch: Int?
  @Flag(onOff: "Binary cross-entropy of each class by itself. (default: off)") var bceLoss: Bool?
  @Option(
    .number("Count targets above it as 1, others as 0. (default: 0 without smoothing, else off)"))
  var bceTargetThresh: OrNone<Double>?
  @Option(.name("What a distilled model learns from a teacher. (default: none)"))
  var distillationType: LossSettings.DistillationType?
  @Option(.name("The teacher's preset, if its file does not say."))
  var teacherModel: OrNone<String>?
  @Option(.file("The teacher's weights.")) var teacherPath: OrNone<String>?
  @Option(.number("The teacher's share of the loss. (default: 0.5)")) var distillationAlpha: Double?
  @Option(.number("Temperature of soft distillation. (default: 1)")) var distillationTau: Double?
  @Option(.name("Divide the soft loss by images, or as DeiT by their logits. (default: batchmean)"))
  var distillationReduction: LossSettings.DistillationReduction?
  @Option(
    .name(
      "Learn from the teacher averaged over a group, such as hflip or d4; best with "
        + "--distillation-alpha 1 --no-augment. (default: none)"))
  var distillAverage: OrNone<String>?
}

extension Mixing.Mode: ExpressibleByArgument {}
extension LossSettings.DistillationType: ExpressibleByArgument {}
extension LossSettings.DistillationReduction: ExpressibleByArgument {}

/// The flags of `convit train` that say what becomes of a training image.
struct AugmentationFlags: SettingFlags {
  @Flag(onOff: "Random changes of images; without, the evaluation transform. (default: on)")
  var augment: Bool?
  @Option(.name("How crops are resized. (default: bicubic)"))
  var trainInterpolation: AugmentationSettings.Interpolation?
  @Flag(onOff: "Simple random crops: resized to the size, then shifted. (default: off)")
  var src: Bool?
  @Option(
    .value(
      "policy",
      "rand-…, augmix-…, original, originalr, v0, v0r, 3a or none, in timm's notation. "
        + "--three-augment is --aa 3a. (default: rand-m9-mstd0.5-inc1)"))
  var aa: String?
  @Option(.number("Brightness, contrast and saturation, with --aa none or 3a. (default: 0.4)"))
  var colorJitter: Double?
  @Option(.number("Probability of random erasing. (default: 0.25)")) var reprob: Double?
  @Option(.name("What is erased with: zeros, a colour, noise. (default: pixel)"))
  var remode: RandomErasing.Mode?
  @Option(.int("Most rectangles erased in an image. (default: 1)")) var recount: Int?
  @Flag(onOff: "Do not erase in the first half of a batch. (default: off)") var resplit: Bool?
}

extension AugmentationSettings.Interpolation: ExpressibleByArgument {}
extension RandomErasing.Mode: ExpressibleByArgument {}

/// The flags of `convit train` about the machine, the logs and checkpoints.
struct RunningFlags: SettingFlags {
  @Option(.int("What every random number depends on. (default: 0)")) var seed: UInt64?
  @Option(.int("Threads that compute. (default: the processors)")) var threads: OrNone<Int>?
  @Option(.int("Threads that read images. (default: as --threads)")) var numWorkers: OrNone<Int>?
  @Option(.int("Images a thread differentiates at a time. (default: by the model's size)"))
  var shardSize: OrNone<Int>?
  @Option(.int("Sums of gradients kept apart: threads that train at a time. (default: 4)"))
  var lanes: Int?
  @Flag(onOff: "Keep each thread on one processor. (default: off)") var pinThreads: Bool?
  @Option(help: "The precision of matrix products. (default: fp32)") var precision: Precision?
  @Flag(onOff: "Compute blocks once more for derivatives, to save memory.") var recompute: Bool?
  @Option(
    .value(
      "run",
      "Go on with a run: its folder, a checkpoint, or auto for the one in --output-dir, if any."))
  var resume: OrNone<String>?
  @Flag(onOff: "Go on although the images are others. (default: off)") var allowOtherData: Bool?
  @Flag(onOff: "Go on although numbers are not finite. (default: off)") var allowNonfinite: Bool?
  @Option(.int("Epochs between kept weights, model_<epoch>.safetensors. (default: none)"))
  var saveEvery: OrOff<Int>?
  @Option(.int("Steps between checkpoints inside of an epoch. (default: at its end alone)"))
  var saveEverySteps: OrOff<Int>?
  @Option(.int("Epochs between evaluations; the last epoch has one. (default: 1)"))
  var evalEvery: Int?
  @Option(
    .value(
      "time",
      "Save and end, with exit code 75, before this time is over: 90m, 2h, 3600. (default: none)"))
  var timeBudget: OrOff<TimeBudget>?
  @Option(
    .value(
      "action",
      "When a loss is not finite: stop, or skip=K to leave out K such steps. (default: stop)"))
  var onNonfinite: NonFinitePolicy?
  @Option(.int("Steps between lines of steps.jsonl. (default: 50)")) var logEvery: Int?
  @Option(
    .int(
      "Epochs between measurements of where heads look, into log.jsonl, locality.jsonl and "
        + "attention/. (default: none)"))
  var localityEvery: OrOff<Int>?
  @Option(.int("Validation images, balanced over classes, for that. (default: 1024)"))
  var localitySample: Int?
  @Flag(onOff: "Write the logs for TensorBoard, too. (default: off)") var tensorboard: Bool?
  @Flag(onOff: "Renew report.html, the page of convit report, after every epoch. (default: off)")
  var report: Bool?
}

extension NonFinitePolicy: LosslessStringConvertible, ExpressibleByArgument {}
extension TimeBudget: LosslessStringConvertible, ExpressibleByArgument {}
