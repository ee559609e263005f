import ArgumentParser
import Autodiff
import Recipes

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
