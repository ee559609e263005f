import Autodiff
import Training

/// Where a run goes, and what it runs on.
package struct RunSettings: Settings {
  /// The folder to write the run to, which must not hold one already; a run needs it.
  package var outputDir: String?
  /// The run to go on with, its folder or a checkpoint; `auto` is the one in `outputDir`, if any.
  package var resume: String?
  /// Whether to go on from a checkpoint although the images are others.
  package var allowOtherData = false
  /// Whether to go on from a checkpoint that has numbers which are not finite.
  package var allowNonfinite = false
  /// Epochs between those whose weights are kept, as `model_<epoch>.safetensors`.
  package var saveEvery: Int?
  /// Steps between checkpoints inside of an epoch; there is one at its end in any case.
  package var saveEverySteps: Int?
  /// Epochs between evaluations; there is one after the last epoch in any case.
  package var evalEvery = 1
  /// How long a start of the run may take: it is saved, and ends, before that is over. As long as
  /// it takes if left out.
  package var timeBudget: TimeBudget?
  /// What to do about a step whose loss or gradients are not finite.
  package var onNonfinite = NonFinitePolicy.stop
  /// What initial weights, order, augmentation and dropout are drawn from.
  package var seed: UInt64 = 0
  /// Threads that differentiate; as many as there are processors if left out.
  package var threads: Int?
  /// Threads that read images; as many as `threads` if left out.
  package var numWorkers: Int?
  /// Images that a thread differentiates at a time; chosen by the model's size if left out.
  package var shardSize: Int?
  /// Sums of gradients that are kept apart: as many threads can differentiate at a time, and each
  /// takes the memory of the weights. Part of the recipe, as sums round otherwise with another
  /// number.
  package var lanes = 4
  /// Whether each thread that computes, but for the first, stays on a processor of its own.
  package var pinThreads = false
  /// The precision of matrix products, and of their derivatives.
  package var precision = Precision.float32
  /// Whether blocks are computed once more for their derivatives, to save memory.
  package var recompute = false
  /// Steps between two lines of `steps.jsonl`; 0 is never.
  package var logEvery = 50
  /// Epochs between those after which it is measured where heads look; the start is measured, too.
  /// Never if left out.
  package var localityEvery: Int?
  /// Validation images that this is measured on, as many of each class as there can be.
  package var localitySample = 1024
  /// Whether the numbers of both logs are written for TensorBoard as well.
  package var tensorboard = false
  /// Whether `convit train` renews the page of the run, `report.html`, after every epoch; a
  /// `Trainer` writes none.
  package var report = false

  package func validate() throws(TrainingError) {
    try requireCounts([
      "threads": threads, "shard-size": shardSize, "lanes": lanes, "save-every": saveEvery,
      "save-every-steps": saveEverySteps, "locality-every": localityEvery,
      "locality-sample": localitySample, "eval-every": evalEvery,
    ])
    try require(timeBudget != 0, "time-budget must be positive, found 0")
    try require(
      (0...1_000_000).contains(logEvery), "log-every must be 0 to 1000000, found \(logEvery)")
    try require((threads ?? 1) <= 1024, "threads must be at most 1024, found \(threads ?? 1)")
    try require(lanes <= 1024, "lanes must be at most 1024, found \(lanes)")
    try requireUse(
      of: "locality-sample", localityEvery != nil || localitySample == RunSettings().localitySample,
      "locality-sample needs locality-every")
    let workers = numWorkers ?? 0
    try require((0...1024).contains(workers), "num-workers must be 0 to 1024, found \(workers)")
    for (name, isSet) in [
      ("allow-other-data", allowOtherData), ("allow-nonfinite", allowNonfinite),
    ] {
      try require(resume != nil || !isSet, "\(name) is for a run that resume goes on with")
    }
  }
}
