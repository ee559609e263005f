import Autodiff

/// A batch while it is filled, by several threads that each have their own examples of it.
///
/// `@unchecked`: the memory is written without a lock, but no two threads have the same examples
/// (`BatchSchedule` hands each out once), and it is read after the schedule's lock has seen the
/// last of them finished.
final class BatchInProgress: @unchecked Sendable {
  private struct Outcome {
    var failure: SampleError?
    /// What is wrong with it although there is one.
    var note: SampleError?
  }

  private let requests: ArraySlice<ExampleRequest>
  private let reader: any ExampleReader
  private var inputs: Tensor  // [requests] + the reader's shape; its memory is the pool's
  private let numbers: UnsafeMutableBufferPointer<Float>  // where `inputs` is
  private let outcomes: UnsafeMutableBufferPointer<Outcome>  // [requests]

  /// Room for what `reader` makes of `requests`.
  init(requests: ArraySlice<ExampleRequest>, reader: any ExampleReader) {
    (self.requests, self.reader) = (requests, reader)
    inputs = Tensor(unsafeUninitialized: Shape([requests.count] + reader.shape.sizes))
    // Stays where it is: nobody else has the tensor before it is returned.
    numbers = inputs.withUnsafeMutableBufferPointer { $0 }
    outcomes = .allocate(capacity: requests.count)
    outcomes.initialize(repeating: Outcome())
  }

  deinit {
    outcomes.deinitialize()
    outcomes.deallocate()
  }

  /// Reads the examples at `range` (counted from 0 in the batch); errors are kept for `finish`.
  func fill(_ range: Range<Int>) {
    for i in range {
      let request = requests[requests.startIndex + i]
      let example = request.example
      func error(_ underlying: any Error) -> SampleError {
        SampleError(path: example.name, index: example.index, underlying: underlying)
      }
      do {
        let place = request.place ?? ExampleRequest.Place(i, of: requests.count)
        try reader.read(request, at: place.index, of: place.count, into: numbers(of: i)) {
          outcomes[i].note = error($0)
        }
      } catch let fault {
        outcomes[i].failure = error(fault)
      }
    }
  }

  private func numbers(of i: Int) -> UnsafeMutableBufferPointer<Float> {
    let count = numbers.count / requests.count
    return UnsafeMutableBufferPointer(rebasing: numbers[(i * count)..<((i + 1) * count)])
  }

  func finish(badImages: BadImages) throws -> Batch {
    let failed = outcomes.compactMap(\.failure)
    if badImages == .error, let first = failed.first { throw first }
    let kept = outcomes.indices.filter { outcomes[$0].failure == nil }
    if !failed.isEmpty {
      for (to, from) in kept.enumerated() where to != from {
        _ = numbers(of: to).update(fromContentsOf: numbers(of: from))
      }
      inputs = inputs.sliced(0, 0..<kept.count)
    }
    let good = kept.map { requests[requests.startIndex + $0].example }
    var batch = Batch(
      inputs: inputs, labels: good.map(\.label), indices: good.map(\.index), failures: failed,
      notes: kept.compactMap { outcomes[$0].note })
    batch.places = kept
    return batch
  }
}
