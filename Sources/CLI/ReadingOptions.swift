import ArgumentParser

/// How the images of a folder are read by commands that only look at them.
struct ReadingOptions: ParsableArguments {
  @Option(help: .int("Images at a time.")) var batchSize = 64
  @Option(help: .int("Threads that read images. (default: as --threads)")) var numWorkers: Int?

  func validate() throws {
    guard (1...1_000_000).contains(batchSize) else {
      throw ValidationError("batch-size must be 1 to 1000000, found \(batchSize)")
    }
    if let numWorkers, !(0...1024).contains(numWorkers) {
      throw ValidationError("num-workers must be 0 to 1024, found \(numWorkers)")
    }
  }
}
