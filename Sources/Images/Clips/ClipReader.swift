import Autodiff
import Files

/// From clips to the numbers that a model takes: open, choose frames, and of each what
/// ``ImageReader`` does of an image.
///
/// What is random is drawn once for a clip: all of its frames have the same crop, mirroring,
/// augmentation and erasing, those that an image would have with the same random numbers.
///
/// The shape is [frames, channels, height, width], or [views, frames, channels, height, width] with
/// `ClipSampling.Placement.dense`.
public struct ClipReader: ExampleReader {
  package let decoder: ClipDecoder
  package let sampling: ClipSampling
  package let transform: any ImageTransform
  package let normalization: Normalization
  private let erasing: RandomErasing?

  /// A reader from its parts. With a normalisation of one channel, frames are read as grey.
  ///
  /// - Parameters:
  ///   - decoder: How files become frames.
  ///   - sampling: Which frames are taken.
  ///   - transform: What becomes of the pixels of each.
  ///   - normalization: From bytes to numbers.
  ///   - erasing: What is erased of the numbers, if anything.
  public init(
    decoder: ClipDecoder = ClipDecoder(), sampling: ClipSampling, transform: any ImageTransform,
    normalization: Normalization = .imageNet, erasing: RandomErasing? = nil
  ) {
    var decoder = decoder
    if normalization.channels == 1 { decoder.images.isGray = true }
    (self.decoder, self.sampling, self.transform) = (decoder, sampling, transform)
    (self.normalization, self.erasing) = (normalization, erasing)
  }

  /// [frames, channels, height, width], or [views, frames, channels, height, width]
  public var shape: Shape {
    let frame = [normalization.channels, transform.size.height, transform.size.width]
    if case .dense(let views) = sampling.placement {
      return Shape([views, sampling.frames] + frame)
    }
    return Shape([sampling.frames] + frame)
  }

  /// The chosen frames of a clip after the transform, [views][frames].
  package func images(
    at path: String, random: Random = Random(seed: 0), noting: (ImageError) -> Void = { _ in }
  ) throws -> [[RGBImage]] {
    var images: [[RGBImage]] = []
    try forEachImage(at: path, random: random, noting: noting) { view, _, image in
      if view == images.count { images.append([]) }
      images[view].append(image)
    }
    return images
  }

  /// Writes the planes of the chosen frames of the clip in the file of a request.
  ///
  /// - Throws: `ImageError` if the clip cannot be read, `DatasetError` if the transform gives
  ///   another size than its own.
  public func read(
    _ request: ExampleRequest, at place: Int, of count: Int,
    into planes: UnsafeMutableBufferPointer<Float>, noting: (any Error) -> Void
  ) throws {
    let path = request.example.path
    let size = transform.size
    let step = normalization.channels * size.height * size.width
    try forEachImage(at: path, random: request.random, noting: noting) { view, frame, image in
      guard image.size == size else {
        throw DatasetError(
          path: path, reason: "the transform gave \(image.size) pixels, expected \(size)")
      }
      let start = step * (view * sampling.frames + frame)
      let part = UnsafeMutableBufferPointer(rebasing: planes[start..<start + step])
      normalization.write(image, into: part)
      if let erasing, !erasing.sparesFirstHalf || place >= count / 2 {
        erasing(part, size: size, random: request.random.split("erase"))
      }
    }
  }

  /// Calls `body` with the view, the place in it, and each chosen frame after the transform.
  private func forEachImage(
    at path: String, random: Random, noting: (ImageError) -> Void,
    _ body: (Int, Int, RGBImage) throws -> Void
  ) throws {
    let clip = try decoder.open(path)
    let views = sampling.indices(of: clip.count, random: random.split("frames"))
    if let view = views.first, case let different = Set(view).count, different < view.count {
      noting(
        ImageError(
          path: path,
          reason: "\(counted(clip.count, "frame", "frames")), of which \(different) make "
            + "\(view.count) at a stride of \(sampling.stride): the last one is repeated"))
    }
    let geometry = transform.geometry(of: clip.size, random: random)
    var last: (index: Int, image: RGBImage)?
    for (number, view) in views.enumerated() {
      for (place, index) in view.enumerated() {
        let image: RGBImage
        if let last, last.index == index {
          image = last.image
        } else {
          image = transform.augmented(
            try clip.frame(at: index, as: geometry), random: random)
        }
        last = (index, image)
        try body(number, place, image)
      }
    }
  }
}
