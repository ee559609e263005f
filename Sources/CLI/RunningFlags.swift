import ArgumentParser
import Autodiff
import Recipes

/// The flags of `convit train` about the machine, the logs and checkpoints.
struct RunningFlags: SettingFlags {
  @Option(help: .int("What every random number depends on. (default: 0)")) var seed: UInt64?
  @Option(help: .int("Threads that compute. (default: the processors)")) var threads: OrNone<Int>?
  @Option(help: .int("Threads that read images. (default: as --threads)")) var numWorkers:
    OrNone<Int>?
  @Option(help: .int("Images a thread differentiates at a time. (default: by the model's size)"))
  var shardSize: OrNone<Int>?
  @Option(help: .int("Sums of gradients kept apart: threads that train at a time. (default: 4)"))
  var lanes: Int?
  @Flag(inversion: .prefixedNo, help: "Keep each thread on one processor. (default: off)")
  var pinThreads: Bool?
  @Option(help: "The precision of matrix products. (default: fp32)") var precision: Precision?
  @Flag(inversion: .prefixedNo, help: "Compute blocks once more for derivatives, to save memory.")
  var recompute: Bool?
  @Option(
    help: ArgumentHelp(
      "Go on with a run: its folder, a checkpoint, or auto for the one in --output-dir, if any.",
      valueName: "run"))
  var resume: OrNone<String>?
  @Flag(inversion: .prefixedNo, help: "Go on although the images are others. (default: off)")
  var allowOtherData: Bool?
  @Flag(
    inversion: .prefixedNo, help: "Go on although numbers are not finite. (default: off)")
  var allowNonfinite: Bool?
  @Option(help: .int("Epochs between kept weights, model_<epoch>.safetensors. (default: none)"))
  var saveEvery: OrOff<Int>?
  @Option(
    help: .int("Steps between checkpoints inside of an epoch. (default: at its end alone)"))
  var saveEverySteps: OrOff<Int>?
  @Option(help: .int("Epochs between evaluations; the last epoch has one. (default: 1)"))
  var evalEvery: Int?
  @Option(
    help: ArgumentHelp(
      "Save and end, with exit code 75, before this time is over: 90m, 2h, 3600. (default: none)",
      valueName: "time"))
  var timeBudget: OrOff<TimeBudget>?
  @Option(
    help: ArgumentHelp(
      "When a loss is not finite: stop, or skip=K to leave out K such steps. (default: stop)",
      valueName: "action"))
  var onNonfinite: NonFinitePolicy?
  @Option(help: .int("Steps between lines of steps.jsonl. (default: 50)")) var logEvery: Int?
  @Option(
    help: .int(
      "Epochs between measurements of where heads look, into log.jsonl, locality.jsonl and "
        + "attention/. (default: none)"))
  var localityEvery: OrOff<Int>?
  @Option(help: .int("Validation images, balanced over classes, for that. (default: 1024)"))
  var localitySample: Int?
  @Flag(
    inversion: .prefixedNo,
    help: "Write the logs for TensorBoard, too. (default: off)"
  )
  var tensorboard: Bool?
  @Flag(
    inversion: .prefixedNo,
    help: "Renew report.html, the page of convit report, after every epoch. (default: off)")
  var report: Bool?
}

extension NonFinitePolicy: ExpressibleByArgument {
  /// A policy as it is written in flags.
  public init?(argument: String) { self.init(argument) }
}

extension TimeBudget: ExpressibleByArgument {
  /// A time as it is written in flags.
  public init?(argument: String) { self.init(argument) }
}
