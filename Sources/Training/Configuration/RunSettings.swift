/// Where a run goes, and what it runs on.
public struct RunSettings: Settings {
  /// The folder to write the run to, which must not hold one already; a run needs it.
  public var outputDir: String?
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

  /// Throws what is wrong with the values.
  public func validate() throws(TrainingError) {
    try requireCounts(["log-every": logEvery, "threads": threads, "shard-size": shardSize])
    try require((threads ?? 1) <= 1024, "threads must be at most 1024, found \(threads ?? 1)")
    let workers = numWorkers ?? 0
    try require((0...1024).contains(workers), "num-workers must be 0 to 1024, found \(workers)")
  }

  /// The names in configs.
  public enum CodingKeys: String, CodingKey, CaseIterable {
    case outputDir = "output-dir"
    case seed
    case threads
    case numWorkers = "num-workers"
    case shardSize = "shard-size"
    case recompute
    case logEvery = "log-every"
  }
}
