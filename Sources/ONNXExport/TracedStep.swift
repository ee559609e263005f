import Autodiff

/// A tensor as it was in two passes, over different images and numbers of them.
struct TracedValue {
  let first, second: Tensor

  /// Whether it depends neither on the images nor on their number.
  var isConstant: Bool {
    if first.identity == second.identity { return true }
    guard first.shape == second.shape else { return false }
    return first.withUnsafeBufferPointer { first in
      second.withUnsafeBufferPointer { second in
        zip(first, second).allSatisfy { $0.bitPattern == $1.bitPattern }
      }
    }
  }
}

/// An operator as it was called in two passes.
struct TracedStep {
  let operation: TracedOperation
  let name: String  // of the function
  let inputs: [TracedValue]
  let output: TracedValue

  /// The sizes of a value's axes: those that differ between the passes are multiples of the batch.
  func sizes(of value: TracedValue) throws(ExportError) -> [AxisSize] {
    let (first, second) = (value.first.shape, value.second.shape)
    guard first.rank == second.rank else {
      throw ExportError("the rank of an input or the value of '\(name)' depends on the batch size")
    }
    var sizes: [AxisSize] = []
    for (a, b) in zip(first.sizes, second.sizes) {
      guard let size = AxisSize(a, b) else {
        throw ExportError(
          "'\(name)' has an axis of \(a) for \(PassPair.batches.0) examples and of \(b) for "
            + "\(PassPair.batches.1): only multiples of the batch size can be exported")
      }
      sizes.append(size)
    }
    return sizes
  }
}

/// The size of an axis in a graph.
enum AxisSize: Hashable {
  case fixed(Int)
  /// So many times the number of examples.
  case examples(Int)

  /// A size from what it was in both passes; nil if it is no multiple of the batch.
  init?(_ first: Int, _ second: Int) {
    let batches = PassPair.batches
    if first == second {
      self = .fixed(first)
    } else if first % batches.0 == 0, first / batches.0 * batches.1 == second {
      self = .examples(first / batches.0)
    } else {
      return nil
    }
  }
}
