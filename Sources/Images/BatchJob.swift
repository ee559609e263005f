/// A change to the planes of an image, [3, height, width].
public typealias BatchFinish =
  @Sendable (SampleRequest, PlaceInBatch, UnsafeMutableBufferPointer<Float>) -> Void

/// Which of a batch's images one is.
public struct PlaceInBatch: Hashable, Sendable {
  /// Its place, from 0.
  public let index: Int
  /// How many there are.
  public let count: Int

  /// Whether it is in the first half; of an odd number, the middle one is not.
  public var isInFirstHalf: Bool { index < count / 2 }
}

/// What turns a request into the numbers of an image; the same for every thread.
struct BatchJob: Sendable {
  let size: ImageSize
  let normalization: Normalization
  let image: @Sendable (SampleRequest) throws -> RGBImage
  let finish: BatchFinish?

  /// Writes the planes of an image, [3, height, width], or says why there are none.
  func load(
    _ request: SampleRequest, at place: PlaceInBatch, into planes: UnsafeMutableBufferPointer<Float>
  ) -> SampleError? {
    do {
      let image = try image(request)
      guard image.width == size.width && image.height == size.height else {
        throw DatasetError(
          path: request.path,
          reason: "the transform gave \(image.height) × \(image.width) pixels, expected \(size)")
      }
      normalization.write(image, into: planes)
      finish?(request, place, planes)
      return nil
    } catch {
      return SampleError(path: request.path, index: request.index, underlying: error)
    }
  }
}
