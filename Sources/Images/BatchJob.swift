/// A change to the planes of an image, [3, height, width].
package typealias BatchFinish =
  @Sendable (SampleRequest, PlaceInBatch, UnsafeMutableBufferPointer<Float>) -> Void

/// Which of a batch's images one is.
package struct PlaceInBatch: Hashable, Sendable {
  /// Its place, from 0.
  package let index: Int
  /// How many there are.
  package let count: Int

  /// Whether it is in the first half; of an odd number, the middle one is not.
  package var isInFirstHalf: Bool { index < count / 2 }
}

/// What turns a request into the numbers of an image; the same for every thread.
struct BatchJob: Sendable {
  let size: ImageSize
  let normalization: Normalization
  let image: BatchLoader.Image
  let finish: BatchFinish?

  /// What became of a request.
  struct Outcome {
    /// Why there is no image.
    var failure: SampleError?
    /// What is wrong with its file although there is one.
    var note: SampleError?
  }

  /// Writes the planes of an image, [3, height, width], or says why there are none.
  func load(
    _ request: SampleRequest, at place: PlaceInBatch, into planes: UnsafeMutableBufferPointer<Float>
  ) -> Outcome {
    var outcome = Outcome()
    func error(_ underlying: any Error) -> SampleError {
      SampleError(path: request.path, index: request.index, underlying: underlying)
    }
    do {
      let image = try image(request) { outcome.note = error($0) }
      guard image.width == size.width && image.height == size.height else {
        throw DatasetError(
          path: request.path,
          reason: "the transform gave \(image.height) × \(image.width) pixels, expected \(size)")
      }
      normalization.write(image, into: planes)
      finish?(request, place, planes)
    } catch let fault {
      outcome.failure = error(fault)
    }
    return outcome
  }
}
