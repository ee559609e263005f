import Foundation
import Images
import Training

/// How fast images come from files to normalised batches, without a model.
package struct PipelineBenchmark: Sendable {
  /// The recipe, with `dataPath`: images of `train/`, in the order of its first epochs.
  let configuration: TrainingConfiguration
  /// Threads that read images; one is the caller.
  let threads: Int
  /// How long to measure, whole batches and at least one.
  package var seconds = 10.0

  package init(_ configuration: TrainingConfiguration, threads: Int) {
    (self.configuration, self.threads) = (configuration, threads)
  }

  package struct Report: Sendable, Codable {
    package let mode: String
    package let batchSize, threads: Int
    package let images: Int
    /// Images by the seconds that passed, and by those that processors worked for this process.
    package let imagesPerSecond, imagesPerCoreSecond: Double
    /// The most memory that the process had, in units of 2²⁰ bytes.
    package let peakRssMb: Double
  }

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
