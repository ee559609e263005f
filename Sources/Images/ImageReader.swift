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
    try image(in: decoder.fileBytes(path), name: path, random: random, noting: noting)
  }

  private func image(
    in bytes: [UInt8], name: String, random: Random, noting: (any Error) -> Void
  ) throws(ImageError) -> RGBImage {
    if APNGChunks.isAnimated(bytes) { noting(AnimatedImage(path: name)) }
    let part = try decoder.decode(
      bytes, name: name, as: { transform.geometry(of: $0, random: random) }, noting: noting)
    return transform.augmented(part, random: random)
  }

  /// The planes of the image in `bytes`, the content of a file, [channels, height, width]; nothing
  /// is erased of it.
  ///
  /// - Parameters:
  ///   - bytes: a PNG, JPEG or WebP.
  ///   - name: what errors call it.
  ///   - noting: takes what is wrong with an image of which all pixels are known.
  /// - Throws: `ImageError` if it cannot be read, `DatasetError` if the transform gives another
  ///   size than its own.
  public func tensor(
    of bytes: [UInt8], name: String = "image", noting: (any Error) -> Void = { _ in }
  ) throws -> Tensor {
    let image = try image(in: bytes, name: name, random: Random(seed: 0), noting: noting)
    var planes = Tensor(unsafeUninitialized: shape)
    try planes.withUnsafeMutableBufferPointer { try write(image, name: name, into: $0) }
    return planes
  }

  private func write(
    _ image: RGBImage, name: String, into planes: UnsafeMutableBufferPointer<Float>
  ) throws(DatasetError) {
    guard image.size == transform.size else {
      throw DatasetError(
        path: name, reason: "the transform gave \(image.size) pixels, expected \(transform.size)")
    }
    normalization.write(image, into: planes)
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
    try write(image, name: path, into: planes)
    if let erasing, !erasing.sparesFirstHalf || place >= count / 2 {
      erasing(planes, size: transform.size, random: request.random.split("erase"))
    }
  }
}
