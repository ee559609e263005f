import Autodiff
import Foundation

/// Loads images in the order asked for, in batches, ahead of the reader and on several threads.
///
/// The batches are the same for any number of workers: what is random comes with each request.
/// Every worker fills a few samples of a batch at a time, so that all of them work on the batch
/// that is needed next. When the loader is dropped, or after an error, the workers end with the
/// image they are at.
///
/// ```swift
/// let loader = BatchLoader(
///   order: requests, batchSize: 64, size: transform.size, workers: 2
/// ) { request, noting in
///   try decoder.decode(
///     contentsOf: request.path, as: { transform.geometry(of: $0, random: request.random) },
///     noting: noting)
/// }
/// while let batch = try loader.next() { … }
/// ```
public final class BatchLoader: Sendable {
  /// Decodes and transforms the image of a request, on any thread. What is wrong with the file of
  /// an image that is returned goes to the second argument.
  public typealias Image =
    @Sendable (SampleRequest, _ noting: (ImageError) -> Void) throws -> RGBImage

  /// How many batches `next()` will return if no error comes in between.
  public let batchCount: Int

  private let schedule: BatchSchedule
  private let job: BatchJob
  private let badImages: BadImages
  private let workers: Int

  /// A loader; its workers begin at once.
  ///
  /// - Parameters:
  ///   - order: The samples, in the order of their batches; a sample may come more than once.
  ///   - batchSize: Samples in a batch; the last one has what is left.
  ///   - size: The size of every image that `image` returns.
  ///   - normalization: From bytes to numbers.
  ///   - workers: Threads; with 0, the caller of `next()` does the work.
  ///   - batchesInFlight: The most batches that are begun and have not been returned.
  ///   - badImages: What to do about an image that cannot be loaded.
  ///   - image: The way from a request to an image.
  public convenience init(
    order: [SampleRequest], batchSize: Int, size: ImageSize,
    normalization: Normalization = .imageNet, workers: Int, batchesInFlight: Int = 3,
    badImages: BadImages = .error, image: @escaping Image
  ) {
    self.init(
      order: order, batchSize: batchSize, size: size, normalization: normalization,
      workers: workers, batchesInFlight: batchesInFlight, badImages: badImages, finish: nil,
      image: image)
  }

  /// The same with a last change to the normalised planes of an image, [3, height, width], such as
  /// random erasing: `finish` is a pure function of the request and its place in the batch.
  package init(
    order: [SampleRequest], batchSize: Int, size: ImageSize,
    normalization: Normalization = .imageNet, workers: Int, batchesInFlight: Int = 3,
    badImages: BadImages = .error, finish: BatchFinish?, image: @escaping Image
  ) {
    checkPrecondition(
      batchSize > 0 && workers >= 0 && batchesInFlight > 0 && size.height > 0 && size.width > 0,
      "BatchLoader: batches of \(batchSize), \(workers) workers, \(batchesInFlight) in flight, "
        + "images of \(size)")
    batchCount = (order.count + batchSize - 1) / batchSize
    schedule = BatchSchedule(
      order: order, batchSize: batchSize, sliceSize: workers == 0 ? batchSize : 4,
      bound: workers == 0 ? 1 : batchesInFlight, size: size)
    job = BatchJob(size: size, normalization: normalization, image: image, finish: finish)
    self.badImages = badImages
    // The thread holds the schedule and the job, not the loader, which can then be dropped.
    let work: @Sendable () -> Void = { [schedule, job] in
      while let slice = schedule.claim() {
        slice.target.fill(slice.range, with: job)
        schedule.finish(slice, badImages: badImages)
      }
    }
    var started = 0
    while started < workers,
      startThread(named: "images \(started)", stackSize: 4 << 20, work)
    { started += 1 }
    self.workers = started  // with none, whoever asks for a batch does the work
  }

  deinit { schedule.stop() }

  /// The next batch; nil after the last one.
  ///
  /// - Throws: `SampleError` at the place of the batch that has a bad image, for the first one in
  ///   order (not with `BadImages.skip`). The loader has then ended.
  public func next() throws -> Batch? {
    while workers == 0, !schedule.isReady, let slice = schedule.claim() {
      slice.target.fill(slice.range, with: job)
      schedule.finish(slice, badImages: badImages)
    }
    return try schedule.next()
  }
}
