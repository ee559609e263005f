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
  package let notes: [SampleError]
  /// Where each example is among those that the batch was to have, [count]. Failures have places as
  /// well, so that what is drawn by place does not depend on them.
  package internal(set) var places: [Int]

  /// A batch from its parts. Indices, from 0 if left out, tell dropout which example is which.
  ///
  /// - Precondition: inputs, labels and indices are of as many examples.
  public init(
    inputs: Tensor, labels: [Int], indices: [Int]? = nil, failures: [SampleError] = [],
    notes: [SampleError] = []
  ) {
    let indices = indices ?? Array(labels.indices)
    checkPrecondition(
      inputs.shape.rank > 0 && inputs.shape[0] == labels.count && indices.count == labels.count,
      "Batch: inputs \(inputs.shape), \(labels.count) labels and \(indices.count) indices, "
        + "expected one of each for an input")
    (self.inputs, self.labels, self.indices) = (inputs, labels, indices)
    (self.failures, self.notes) = (failures, notes)
    places = Array(labels.indices)
  }

  /// How many examples there are.
  public var count: Int { labels.count }

  /// The example that each is mixed with, [count]: that of place n − 1 − i for place i of n, as in
  /// timm, or itself where that is its own place or could not be read.
  package var partners: [Int] {
    let last = count + failures.count - 1
    let indices = Dictionary(uniqueKeysWithValues: zip(places, labels.indices))
    return labels.indices.map { indices[last - places[$0]] ?? $0 }
  }

  /// The shape of one example.
  public var shape: Shape { inputs.shape.removing(0) }
}

/// What a loader does about an example that cannot be read.
public enum BadImages: String, Hashable, Sendable, Codable, CaseIterable {
  /// `next()` throws in place of the batch that the example is in.
  case error
  /// The batch comes without the example, which is in its `failures`.
  case skip
}
