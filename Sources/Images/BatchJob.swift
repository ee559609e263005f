/// What turns a request into the numbers of an image; the same for every thread.
struct BatchJob: Sendable {
  let size: ImageSize
  let normalization: Normalization
  let image: @Sendable (SampleRequest) throws -> RGBImage
  let finish: (@Sendable (SampleRequest, UnsafeMutableBufferPointer<Float>) -> Void)?

  /// Writes the planes of an image, [3, height, width], or says why there are none.
  func load(
    _ request: SampleRequest, into planes: UnsafeMutableBufferPointer<Float>
  ) -> SampleError? {
    do {
      let image = try image(request)
      guard image.width == size.width && image.height == size.height else {
        throw DatasetError(
          path: request.path,
          reason: "the transform gave \(image.height) × \(image.width) pixels, expected \(size)")
      }
      normalization.write(image, into: planes)
      finish?(request, planes)
      return nil
    } catch {
      return SampleError(path: request.path, index: request.index, underlying: error)
    }
  }
}
