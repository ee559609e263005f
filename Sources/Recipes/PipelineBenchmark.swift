import Foundation
import Images
import Training

/// How fast images come from files to normalised batches, without a model.
package struct PipelineBenchmark: Sendable {
  /// The recipe, with `dataPath` for the images: those of `train/`, in the order of its first
  /// epochs.
  package var configuration: TrainingConfiguration
  /// Threads that read images; one is the caller.
  package var threads: Int
  /// How long to measure, whole batches and at least one.
  package var seconds = 10.0

  /// A benchmark of ten seconds.
  package init(_ configuration: TrainingConfiguration, threads: Int) {
    self.configuration = configuration
    self.threads = threads
  }

  /// What was measured.
  package struct Report: Sendable, Codable {
    /// Always "data".
    package let mode: String
    /// Images a batch.
    package let batchSize: Int
    /// Threads that read.
    package let threads: Int
    /// Images that were read while the clock ran.
    package let images: Int
    /// Images by the seconds that passed.
    package let imagesPerSecond: Double
    /// Images by the seconds that processors worked for this process.
    package let imagesPerCoreSecond: Double
    /// The most memory that the process had, in units of 2²⁰ bytes.
    package let peakRssMb: Double
  }

  /// Reads images, after a batch for warming up.
  package func callAsFunction() throws -> Report {
    try configuration.validate()
    guard configuration.dataPath != nil else {
      throw TrainingError(usage: "data-path is missing: the folder that has train/")
    }
    let samples = try configuration.data.images(of: "train", seed: configuration.seed).samples
    let reader = try configuration.trainingReader()
    let order = configuration.sampleOrder
    var (epoch, images) = (0, -1)
    var (start, busy) = (ContinuousClock.now, 0.0)
    var elapsed = 0.0
    while elapsed < seconds || images <= 0 {
      let loader = BatchLoader(
        order: order(samples, epoch: epoch), reader: reader, batchSize: configuration.batchSize,
        workers: threads == 1 ? 0 : threads)
      while elapsed < seconds || images <= 0, let batch = try loader.next() {
        if images < 0 {
          (images, start, busy) = (0, ContinuousClock.now, Resources.current.processorSeconds)
        } else {
          images += batch.count
        }
        elapsed = (ContinuousClock.now - start) / .seconds(1)
      }
      epoch += 1
    }
    let used = Resources.current
    return Report(
      mode: "data", batchSize: configuration.batchSize, threads: threads, images: images,
      imagesPerSecond: Double(images) / elapsed,
      imagesPerCoreSecond: Double(images) / (used.processorSeconds - busy),
      peakRssMb: used.peakMegabytes)
  }
}
