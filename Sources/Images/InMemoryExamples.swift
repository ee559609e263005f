import Autodiff

/// Examples whose numbers are in memory: one tensor, of which a batch gets copies.
///
/// ```swift
/// let examples = InMemoryExamples(inputs: signals, labels: labels)  // signals: [n, 12, 1000]
/// let order = SampleOrder(seed: 0, isShuffled: true, repeats: 1)
/// let loader = BatchLoader(
///   order: order(examples.examples, epoch: 0), reader: examples, batchSize: 64, workers: 1)
/// ```
public struct InMemoryExamples: ExampleReader {
  let inputs: Tensor
  let labels: [Int]

  /// Examples of `inputs`, which shares its memory with the tensor given.
  ///
  /// - Parameters:
  ///   - inputs: The numbers, [n, …].
  ///   - labels: The class of each example, [n].
  /// - Precondition: there is a label for each.
  public init(inputs: Tensor, labels: [Int]) {
    checkPrecondition(
      inputs.shape.rank > 0 && inputs.shape[0] == labels.count,
      "InMemoryExamples: \(labels.count) labels for inputs \(inputs.shape)")
    (self.inputs, self.labels) = (inputs, labels)
  }

  /// The shape of one example.
  public var shape: Shape { inputs.shape.removing(0) }

  /// All examples, in order.
  public var examples: [Example] {
    labels.enumerated().map { Example(label: $1, index: $0) }
  }

  /// A batch of some examples, for a loop without a loader.
  ///
  /// - Precondition: there are examples of these indices.
  public func batch(_ indices: [Int]) -> Batch {
    Batch(
      inputs: .concatenated(indices.map { inputs.sliced(0, $0..<$0 + 1) }, 0),
      labels: indices.map { labels[$0] }, indices: indices)
  }

  /// Copies the numbers of an example.
  ///
  /// - Throws: `DatasetError` for an index that there is not.
  public func read(
    _ request: ExampleRequest, at place: Int, of count: Int,
    into numbers: UnsafeMutableBufferPointer<Float>, noting: (any Error) -> Void
  ) throws {
    let example = request.example
    guard labels.indices.contains(example.index) else {
      throw DatasetError(
        path: example.name, reason: "there are the examples 0 to \(labels.count - 1)")
    }
    let start = example.index * shape.elementCount
    inputs.withUnsafeBufferPointer { all in
      _ = numbers.update(fromContentsOf: all[start..<start + shape.elementCount])
    }
  }
}

extension InMemoryExamples {
  /// The images of IDX files, [n, 1, rows, columns], normalised: (v / 255 − mean) / std.
  ///
  /// - Throws: `TransformError` unless `normalization` is for one channel.
  public init(_ data: IDXDataset, normalization: Normalization) throws {
    guard normalization.channels == 1 else {
      throw TransformError(description: "grey images need one mean, found \(normalization.mean)")
    }
    let images = data.images
    let inputs = Tensor(unsafeUninitialized: [images.count, 1, images.rows, images.columns]) {
      for (place, value) in images.pixels.enumerated() {
        $0[place] = normalization[value]
      }
    }
    self.init(inputs: inputs, labels: data.labels.map(Int.init))
  }
}
