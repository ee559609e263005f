import Autodiff

/// From image files to the numbers that a model takes: decode, transform, normalise, erase.
///
/// The shape is [channels, height, width]: the channels of the normalisation, the size of the
/// transform's results.
public struct ImageReader: ExampleReader {
  package let decoder: ImageDecoder
  package let transform: any ImageTransform
  package let normalization: Normalization
  let erasing: RandomErasing?

  /// A reader from its parts. With a normalisation of one channel, images are read as grey.
  ///
  /// - Parameters:
  ///   - decoder: How files become pixels.
  ///   - transform: What becomes of the pixels.
  ///   - normalization: From bytes to numbers.
  ///   - erasing: What is erased of the numbers, if anything.
  public init(
    decoder: ImageDecoder = ImageDecoder(), transform: any ImageTransform,
    normalization: Normalization = .imageNet, erasing: RandomErasing? = nil
  ) {
    var decoder = decoder
    if normalization.channels == 1 { decoder.isGray = true }
    (self.decoder, self.transform) = (decoder, transform)
    (self.normalization, self.erasing) = (normalization, erasing)
  }

  /// [channels, height, width]
  public var shape: Shape {
    [normalization.channels, transform.size.height, transform.size.width]
  }

  /// The pixels of a file after the transform.
  package func image(
    at path: String, random: Random = Random(seed: 0), noting: (any Error) -> Void = { _ in }
  ) throws(ImageError) -> RGBImage {
    let bytes = try decoder.fileBytes(path)
    if APNGChunks.isAnimated(bytes) { noting(AnimatedImage(path: path)) }
    let part = try decoder.decode(
      bytes, name: path, as: { transform.geometry(of: $0, random: random) }, noting: noting)
    return transform.augmented(part, random: random)
  }

  /// Writes the planes of the image in the file of a request, [channels, height, width].
  ///
  /// - Throws: `ImageError` if the file cannot be read, `DatasetError` if the transform gives
  ///   another size than its own.
  public func read(
    _ request: ExampleRequest, at place: Int, of count: Int,
    into planes: UnsafeMutableBufferPointer<Float>, noting: (any Error) -> Void
  ) throws {
    let path = request.example.path
    let image = try image(at: path, random: request.random, noting: noting)
    let size = transform.size
    guard image.size == size else {
      throw DatasetError(
        path: path, reason: "the transform gave \(image.size) pixels, expected \(size)")
    }
    normalization.write(image, into: planes)
    if let erasing, !erasing.sparesFirstHalf || place >= count / 2 {
      erasing(planes, size: size, random: request.random.split("erase"))
    }
  }
}
