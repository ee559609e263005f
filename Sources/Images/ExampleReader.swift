import Autodiff

/// What turns a request for an example into the numbers of it: the one thing that a `BatchLoader`
/// needs to know about data.
///
/// ``ImageReader`` reads image files, ``InMemoryExamples`` have their numbers already. A reader of
/// one's own is a value with a shape and one method, here for files of raw floats:
///
/// ```swift
/// struct RawFloats: ExampleReader {
///   let shape: Shape = [1, 64, 64]
///
///   func read(
///     _ request: ExampleRequest, at place: Int, of count: Int,
///     into numbers: UnsafeMutableBufferPointer<Float>, noting: (any Error) -> Void
///   ) throws {
///     let data = try Data(contentsOf: URL(fileURLWithPath: request.example.path))
///     guard data.copyBytes(to: numbers) == 4 * shape.elementCount else {
///       throw DatasetError(path: request.example.path, reason: "expected \(shape) floats")
///     }
///   }
/// }
/// let loader = BatchLoader(order: requests, reader: RawFloats(), batchSize: 64, workers: 2)
/// ```
public protocol ExampleReader: Sendable {
  /// The shape of every example, of any rank up to five; a batch of B is [B] + `shape`.
  var shape: Shape { get }

  /// Writes all numbers of an example, row-major.
  ///
  /// It is called on several threads at once, in no certain order. The numbers must follow from the
  /// request and, if it matters, the place in the batch; what is random comes from
  /// `request.random`.
  ///
  /// - Parameters:
  ///   - request: Which example, and its random numbers.
  ///   - place: Which example of its batch it is, from 0, or of its step where batches make one.
  ///   - count: How many examples the batch or step has.
  ///   - numbers: As many as `shape` has; what they are before is undefined.
  ///   - noting: Takes what is wrong with an example that can be used all the same.
  /// - Throws: Why there is no such example. The loader ends or leaves it out (`BadImages`).
  func read(
    _ request: ExampleRequest, at place: Int, of count: Int,
    into numbers: UnsafeMutableBufferPointer<Float>, noting: (any Error) -> Void
  ) throws
}
