import Images

/// From files to batches: decoding and a transform, on threads of its own.
public struct ImagePipeline: Sendable {
  let decoder: ImageDecoder
  let transform: any ImageTransform
  let workers: Int

  /// A pipeline with `workers` threads; with 0, whoever asks the loader for a batch does the work.
  public init(decoder: ImageDecoder, transform: any ImageTransform, workers: Int) {
    self.decoder = decoder
    self.transform = transform
    self.workers = workers
  }

  /// A loader of images in the given order.
  public func loader(_ requests: [SampleRequest], batchSize: Int) -> BatchLoader {
    BatchLoader(order: requests, batchSize: batchSize, size: transform.size, workers: workers) {
      [decoder, transform] request in
      try decoder.decode(contentsOf: request.path) {
        transform.geometry(of: $0, random: request.random)
      }
    }
  }
}
