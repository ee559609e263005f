import ArgumentParser
import Autodiff

/// On how many threads to work.
struct ThreadOptions: ParsableArguments {
  @Option(help: .int("Threads that work. (default: the processors)")) var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("threads must be 1 to 1024, found \(threads)")
    }
  }

  /// The threads.
  func pool() -> WorkerPool { WorkerPool(threads: threads ?? WorkerPool.availableProcessors) }
}
