import Autodiff
import Images

/// From files to batches: decoding, a transform and perhaps erasing, on threads of its own.
public struct ImagePipeline: Sendable {
  let decoder: ImageDecoder
  let transform: any ImageTransform
  let erasing: Erasing?
  let workers: Int
  let badImages: BadImages

  /// Erasing, and of which images of a batch.
  public struct Erasing: Hashable, Sendable {
    /// What is erased.
    public var erasing: RandomErasing
    /// Whether the first half of each batch is left alone, as by timm's loader with `re_split`.
    public var sparesFirstHalf = false
  }

  /// A pipeline with `workers` threads; with 0, whoever asks the loader for a batch does the work.
  public init(
    decoder: ImageDecoder, transform: any ImageTransform, erasing: Erasing? = nil, workers: Int,
    badImages: BadImages = .error
  ) {
    self.decoder = decoder
    self.transform = transform
    self.erasing = erasing
    self.workers = workers
    self.badImages = badImages
  }

  /// An image as it comes out of the transform; none if it cannot be read and such images are
  /// skipped.
  func image(of sample: ImageFolder.Sample) throws -> RGBImage? {
    do {
      return try image(SampleRequest(sample, random: Random(seed: 0))) { _ in }
    } catch let error as ImageError {
      guard case .error = badImages else { return nil }
      throw error
    }
  }

  private func image(
    _ request: SampleRequest, noting: (ImageError) -> Void
  ) throws -> RGBImage {
    let part = try decoder.decode(
      contentsOf: request.path, as: { transform.geometry(of: $0, random: request.random) },
      noting: noting)
    return transform.augmented(part, random: request.random)
  }

  /// A loader of images in the given order.
  public func loader(_ requests: [SampleRequest], batchSize: Int) -> BatchLoader {
    let size = transform.size
    var finish: BatchFinish?
    if let erasing {
      finish = { request, place, planes in
        if erasing.sparesFirstHalf && place.isInFirstHalf { return }
        erasing.erasing(planes, size: size, random: request.random.split("erase"))
      }
    }
    return BatchLoader(
      order: requests, batchSize: batchSize, size: size, workers: workers, badImages: badImages,
      finish: finish, image: image)
  }
}
