import Autodiff

/// Reads examples in the order asked for, in batches, ahead of whoever takes them and on several
/// threads.
///
/// The batches are the same for any number of workers: what is random comes with each request.
/// Every worker fills a few examples of a batch at a time, so that all of them work on the batch
/// that is needed next. When the loader is dropped, or after an error, the workers end with the
/// example they are at.
///
/// ```swift
/// let reader = ImageReader(transform: TrainingTransform(size: ImageSize(224)))
/// let order = SampleOrder(seed: 0, isShuffled: true, repeats: 1)
/// let loader = BatchLoader(
///   order: order(folder.samples, epoch: 0), reader: reader, batchSize: 64, workers: 2)
/// while let batch = try loader.next() { … }  // batch.inputs: [64, 3, 224, 224]
/// ```
public final class BatchLoader: Sendable {
  /// How many batches `next()` will return if no error comes in between.
  package let batchCount: Int

  private let schedule: BatchSchedule
  private let badImages: BadImages
  private let workers: Int

  /// A loader; its workers begin at once.
  ///
  /// - Parameters:
  ///   - order: The examples, in the order of their batches; one may come more than once.
  ///   - reader: The way from a request to numbers.
  ///   - batchSize: Examples in a batch; the last one has what is left.
  ///   - workers: Threads; with 0, the caller of `next()` does the work.
  ///   - batchesInFlight: The most batches that are begun and have not been returned.
  ///   - badImages: What to do about an example that cannot be read.
  public init(
    order: [ExampleRequest], reader: any ExampleReader, batchSize: Int, workers: Int,
    batchesInFlight: Int = 3, badImages: BadImages = .error
  ) {
    checkPrecondition(
      batchSize > 0 && workers >= 0 && batchesInFlight > 0 && reader.shape.elementCount > 0,
      "BatchLoader: batchSize \(batchSize) and batchesInFlight \(batchesInFlight) must be at least "
        + "1, workers \(workers) at least 0, and examples \(reader.shape) not empty")
    batchCount = (order.count + batchSize - 1) / batchSize
    schedule = BatchSchedule(
      order: order, reader: reader, batchSize: batchSize, sliceSize: workers == 0 ? batchSize : 4,
      bound: workers == 0 ? 1 : batchesInFlight)
    self.badImages = badImages
    // The thread holds the schedule, not the loader, which can then be dropped.
    let work: @Sendable () -> Void = { [schedule] in
      while let slice = schedule.claim() {
        slice.target.fill(slice.range)
        schedule.finish(slice, badImages: badImages)
      }
    }
    var started = 0
    while started < workers,
      startThread(named: "examples \(started)", stackSize: 4 << 20, work)
    { started += 1 }
    self.workers = started  // with none, whoever asks for a batch does the work
  }

  deinit { schedule.stop() }

  /// The next batch; nil after the last one.
  ///
  /// - Throws: `SampleError` at the place of the batch that has a bad example, for the first one in
  ///   order (not with `BadImages.skip`). The loader has then ended.
  public func next() throws -> Batch? {
    while workers == 0, !schedule.isReady, let slice = schedule.claim() {
      slice.target.fill(slice.range)
      schedule.finish(slice, badImages: badImages)
    }
    return try schedule.next()
  }
}
