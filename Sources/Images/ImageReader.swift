import Autodiff

/// From image files to the numbers that a model takes: decode, transform, normalise, erase.
///
/// The shape is [channels, height, width]: the channels of the normalisation, the size of the
/// transform's results.
public struct ImageReader: ExampleReader {
  /// How files become pixels.
  public let decoder: ImageDecoder
  /// What becomes of the pixels.
  public let transform: any ImageTransform
  /// From bytes to numbers.
  public let normalization: Normalization
  /// What is erased of the numbers, if anything.
  public let erasing: Erasing?

  /// Erasing, and of which images of a batch.
  public struct Erasing: Hashable, Sendable {
    /// What is erased.
    public var erasing: RandomErasing
    /// Whether the first half of each batch is left alone, as by timm's loader with `re_split`.
    public var sparesFirstHalf: Bool

    /// An erasing from its parts.
    public init(_ erasing: RandomErasing, sparesFirstHalf: Bool = false) {
      self.erasing = erasing
      self.sparesFirstHalf = sparesFirstHalf
    }
  }

  /// A reader from its parts. With a normalisation of one channel, images are read as grey.
  public init(
    decoder: ImageDecoder = ImageDecoder(), transform: any ImageTransform,
    normalization: Normalization = .imageNet, erasing: Erasing? = nil
  ) {
    var decoder = decoder
    if normalization.channels == 1 { decoder.isGray = true }
    self.decoder = decoder
    self.transform = transform
    self.normalization = normalization
    self.erasing = erasing
  }

  /// [channels, height, width]
  public var shape: Shape {
    [normalization.channels, transform.size.height, transform.size.width]
  }

  /// The pixels of a file after the transform.
  ///
  /// - Throws: `ImageError` if the file cannot be read.
  public func image(
    at path: String, random: Random = Random(seed: 0), noting: (ImageError) -> Void = { _ in }
  ) throws(ImageError) -> RGBImage {
    let part = try decoder.decode(
      contentsOf: path, as: { transform.geometry(of: $0, random: random) }, noting: noting)
    return transform.augmented(part, random: random)
  }

  /// Writes the planes of the image in the file of a request, [channels, height, width].
  ///
  /// - Throws: `ImageError` if the file cannot be read, `DatasetError` if the transform gives
  ///   another size than its own.
  public func read(
    _ request: ExampleRequest, at place: PlaceInBatch,
    into planes: UnsafeMutableBufferPointer<Float>, noting: (any Error) -> Void
  ) throws {
    let image = try image(at: request.path, random: request.random, noting: noting)
    let size = transform.size
    guard image.size == size else {
      throw DatasetError(
        path: request.path,
        reason: "the transform gave \(image.size) pixels, expected \(size)")
    }
    normalization.write(image, into: planes)
    if let erasing, !(erasing.sparesFirstHalf && place.isInFirstHalf) {
      erasing.erasing(planes, size: size, random: request.random.split("erase"))
    }
  }
}
