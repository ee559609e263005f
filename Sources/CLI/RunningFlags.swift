import ArgumentParser
import Training

/// The flags of `convit train` about the machine and the logs.
struct RunningFlags: ParsableArguments {
  @Option(help: .int("What every random number depends on. (default: 0)")) var seed: UInt64?
  @Option(help: .int("Threads that compute. (default: the processors)")) var threads: Int?
  @Option(help: .int("Threads that read images. (default: as --threads)")) var numWorkers: Int?
  @Option(help: .int("Images a thread differentiates at a time. (default: by the model's size)"))
  var shardSize: Int?
  @Flag(inversion: .prefixedNo, help: "Compute blocks once more for derivatives, to save memory.")
  var recompute: Bool?
  @Option(help: .int("Steps between lines of steps.jsonl. (default: 50)")) var logEvery: Int?

  func apply(to c: inout TrainingConfiguration) {
    replace(&c.seed, seed)
    replace(&c.threads, threads)
    replace(&c.numWorkers, numWorkers)
    replace(&c.shardSize, shardSize)
    replace(&c.recompute, recompute)
    replace(&c.logEvery, logEvery)
  }
}
