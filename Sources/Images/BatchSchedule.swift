import Foundation

/// Who does what: hands slices of batches to threads and finished batches, in order, to a reader.
///
/// Never more than `bound` batches are begun and not yet read. A slice belongs to the one thread
/// that it was handed to. `@unchecked`: everything mutable is behind `condition`.
final class BatchSchedule: @unchecked Sendable {
  /// Samples `range` of a batch, counted from 0.
  struct Slice {
    let batch: Int
    let range: Range<Int>
    let target: BatchInProgress
  }

  private enum State {
    case filling(BatchInProgress, samplesLeft: Int)
    case ready(Result<Batch, any Error>)
  }

  private let condition = NSCondition()
  private let order: [ExampleRequest]
  private let batchSize, sliceSize, bound: Int
  private let reader: any ExampleReader
  private var states: [Int: State] = [:]  // by batch, those begun and not read
  private var begun = 0  // batches of which a slice was handed out
  private var position = 0  // the first sample that was not
  private var read = 0  // batches handed to the reader
  private var stopped = false

  init(
    order: [ExampleRequest], reader: any ExampleReader, batchSize: Int, sliceSize: Int, bound: Int
  ) {
    (self.order, self.reader, self.bound) = (order, reader, bound)
    (self.batchSize, self.sliceSize) = (batchSize, sliceSize)
  }

  private func samples(of batch: Int) -> Range<Int> {
    (batch * batchSize)..<min((batch + 1) * batchSize, order.count)
  }

  /// The next slice; waits while `bound` batches are under way. Nil when there is no more to do.
  func claim() -> Slice? {
    condition.lock()
    defer { condition.unlock() }
    while !stopped && position < order.count {
      let batch = position / batchSize
      guard batch < read + bound else {
        condition.wait()
        continue
      }
      let samples = samples(of: batch)
      if batch == begun {
        let target = BatchInProgress(requests: order[samples], reader: reader)
        states[batch] = .filling(target, samplesLeft: samples.count)
        begun += 1
      }
      guard case .filling(let target, _) = states[batch] else { return nil }
      let first = position - samples.lowerBound
      let range = first..<min(first + sliceSize, samples.count)
      position += range.count
      return Slice(batch: batch, range: range, target: target)
    }
    return nil
  }

  /// Notes that a slice has been filled; the thread that fills the last one makes the batch.
  func finish(_ slice: Slice, badImages: BadImages) {
    let isLast = condition.withLock {
      guard case .filling(let target, let left) = states[slice.batch] else { return false }
      states[slice.batch] = .filling(target, samplesLeft: left - slice.range.count)
      return left == slice.range.count
    }
    guard isLast else { return }
    let result = Result { try slice.target.finish(badImages: badImages) }
    condition.withLock {
      states[slice.batch] = .ready(result)
      condition.broadcast()
    }
  }

  /// The next batch, waiting for it; nil after the last one, and once stopped.
  func next() throws -> Batch? {
    condition.lock()
    defer { condition.unlock() }
    while !stopped && read * batchSize < order.count {
      guard case .ready(let result) = states[read] else {
        condition.wait()
        continue
      }
      states[read] = nil
      read += 1
      if case .failure = result { stopped = true }
      condition.broadcast()
      return try result.get()
    }
    return nil
  }

  /// Whether `next` has a batch without waiting.
  var isReady: Bool {
    condition.withLock { if case .ready = states[read] { true } else { false } }
  }

  /// Ends every wait: no more slices, no more batches.
  func stop() {
    condition.withLock {
      stopped = true
      condition.broadcast()
    }
  }
}
