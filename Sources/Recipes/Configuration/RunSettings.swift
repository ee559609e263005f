import Autodiff
import Training

/// Where a run goes, and what it runs on.
package struct RunSettings: Settings {
  /// The folder to write the run to, which must not hold one already; a run needs it.
  package var outputDir: String?
  package var resume: String?
  package var allowOtherData = false
  package var allowNonfinite = false
  package var saveEvery: Int?
  package var saveEverySteps: Int?
  package var evalEvery = 1
  package var timeBudget: TimeBudget?
  package var onNonfinite = NonFinitePolicy.stop
  package var seed: UInt64 = 0
  package var threads: Int?
  package var numWorkers: Int?
  package var shardSize: Int?
  /// Sums of gradients that are kept apart: as many threads can differentiate at a time, and each
  /// takes the memory of the weights. Part of the recipe, as sums round otherwise with another
  /// number.
  package var lanes = 4
  package var pinThreads = false  // all but the first
  package var precision = Precision.float32
  package var recompute = false
  package var logEvery = 50
  /// Epochs between those after which it is measured where heads look; the start is measured, too.
  /// Never if left out.
  package var localityEvery: Int?
  package var localitySample = 1024
  package var tensorboard = false
  /// Whether `convit train` renews `report.html` after every epoch; a `Trainer` writes none.
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
      try require(resume != nil || !isSet, "\(name) is for a run that is resumed (resume)")
    }
  }
}
