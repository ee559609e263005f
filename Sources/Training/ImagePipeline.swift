import Images

/// From files to batches: decoding and a transform, on threads of its own.
public struct ImagePipeline: Sendable {
  let decoder: ImageDecoder
  let transform: any ImageTransform
  let workers: Int
  let badImages: BadImages

  /// A pipeline with `workers` threads; with 0, whoever asks the loader for a batch does the work.
  public init(
    decoder: ImageDecoder, transform: any ImageTransform, workers: Int,
    badImages: BadImages = .error
  ) {
    self.decoder = decoder
    self.transform = transform
    self.workers = workers
    self.badImages = badImages
  }

  /// A loader of images in the given order.
  public func loader(_ requests: [SampleRequest], batchSize: Int) -> BatchLoader {
    BatchLoader(
      order: requests, batchSize: batchSize, size: transform.size, workers: workers,
      badImages: badImages
    ) { [decoder, transform] request in
      transform(try decoder.decode(contentsOf: request.path), random: request.random)
    }
  }
}
