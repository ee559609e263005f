import Autodiff

/// Examples as a model takes them, with what is known about each.
public struct Batch: Sendable {
  /// The numbers, [count] + `shape`: of images the normalised pixels, [count, 3, height, width].
  public let inputs: Tensor
  /// The class of each example, [count].
  public let labels: [Int]
  /// The index in the data set of each example, [count].
  public let indices: [Int]
  /// The examples that were left out because they could not be read (`BadImages.skip`).
  public let failures: [SampleError]
  /// What is wrong with examples of which all numbers are known: these are in the batch.
  public let notes: [SampleError]

  /// A batch from its parts.
  ///
  /// - Precondition: inputs, labels and indices are of as many examples.
  public init(
    inputs: Tensor, labels: [Int], indices: [Int], failures: [SampleError] = [],
    notes: [SampleError] = []
  ) {
    checkPrecondition(
      inputs.shape.rank > 0 && inputs.shape[0] == labels.count && indices.count == labels.count,
      "Batch: inputs \(inputs.shape), \(labels.count) labels and \(indices.count) indices")
    self.inputs = inputs
    self.labels = labels
    self.indices = indices
    self.failures = failures
    self.notes = notes
  }

  /// How many examples there are.
  public var count: Int { labels.count }

  /// The shape of one example.
  public var shape: Shape { inputs.shape.removing(0) }
}

/// What a loader does about an image that cannot be loaded.
public enum BadImages: String, Hashable, Sendable, Codable, CaseIterable {
  /// `next()` throws in place of the batch that the image is in.
  case error
  /// The batch comes without the image, which is in its `failures`.
  case skip
}

/// A batch while it is filled, by several threads that each have their own samples of it.
///
/// `@unchecked`: the memory is written without a lock, but no two threads have the same samples
/// (`BatchSchedule` hands each out once), and it is read after the schedule's lock has seen the
/// last of them finished.
final class BatchInProgress: @unchecked Sendable {
  private let requests: ArraySlice<SampleRequest>
  private var images: Tensor  // [requests, 3, height, width]; its memory is the pool's
  private let pixels: UnsafeMutableBufferPointer<Float>  // where `images` is
  private let outcomes: UnsafeMutableBufferPointer<BatchJob.Outcome>  // [requests]

  /// Room for `requests`, each of `size`.
  init(requests: ArraySlice<SampleRequest>, size: ImageSize) {
    self.requests = requests
    images = Tensor(unsafeUninitialized: [requests.count, 3, size.height, size.width])
    // Stays where it is: nobody else has the tensor before it is returned.
    pixels = images.withUnsafeMutableBufferPointer { $0 }
    outcomes = .allocate(capacity: requests.count)
    outcomes.initialize(repeating: BatchJob.Outcome())
  }

  deinit {
    outcomes.deinitialize()
    outcomes.deallocate()
  }

  /// Fills the samples at `range` (counted from 0 in the batch); errors are kept for `finish`.
  func fill(_ range: Range<Int>, with job: BatchJob) {
    for i in range {
      outcomes[i] = job.load(
        requests[requests.startIndex + i], at: PlaceInBatch(index: i, count: requests.count),
        into: planes(i))
    }
  }

  private func planes(_ i: Int) -> UnsafeMutableBufferPointer<Float> {
    let count = pixels.count / requests.count
    return UnsafeMutableBufferPointer(rebasing: pixels[(i * count)..<((i + 1) * count)])
  }

  /// The batch, once every sample has been filled.
  func finish(badImages: BadImages) throws -> Batch {
    let failed = outcomes.compactMap(\.failure)
    if badImages == .error, let first = failed.first { throw first }
    let kept = outcomes.indices.filter { outcomes[$0].failure == nil }
    if !failed.isEmpty {
      for (to, from) in kept.enumerated() where to != from {
        _ = planes(to).update(fromContentsOf: planes(from))
      }
      images = images.sliced(0, 0..<kept.count)
    }
    let good = kept.map { requests[requests.startIndex + $0] }
    return Batch(
      inputs: images, labels: good.map(\.label), indices: good.map(\.index), failures: failed,
      notes: kept.compactMap { outcomes[$0].note })
  }
}
