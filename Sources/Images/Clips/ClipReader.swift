import Autodiff
import Files

/// From clips to the numbers that a model takes: open, choose frames, and of each what
/// ``ImageReader`` does of an image.
///
/// What is random is drawn once for a clip: all of its frames have the same crop, mirroring,
/// augmentation and erasing, those that an image would have with the same random numbers.
///
/// The shape is [frames, channels, height, width], or [views, frames, channels, height, width] with
/// `ClipSampling.Placement.dense`, or several crops: then these are the views of each span.
public struct ClipReader: ExampleReader {
  package let decoder: ClipDecoder
  package let sampling: ClipSampling
  /// What becomes of the pixels of a frame, for each of its crops; all give one size.
  package let crops: [any ImageTransform]
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
    self.init(
      ImageReader(
        decoder: decoder.images, transform: transform, normalization: normalization,
        erasing: erasing), decoder, sampling)
  }

  /// A reader that does with each frame what another does with an image, or makes these crops of
  /// it.
  package init(
    _ frames: ImageReader, _ decoder: ClipDecoder, _ sampling: ClipSampling,
    crops: [any ImageTransform] = []
  ) {
    var decoder = decoder
    decoder.images = frames.decoder
    (self.decoder, self.sampling) = (decoder, sampling)
    self.crops = crops.isEmpty ? [frames.transform] : crops
    (normalization, erasing) = (frames.normalization, frames.erasing)
  }

  /// [frames, channels, height, width], or [views, frames, channels, height, width]
  public var shape: Shape {
    let size = crops[0].size
    let view = [sampling.frames, normalization.channels, size.height, size.width]
    return Shape((hasViews ? [views] : []) + view)
  }

  /// The views of a clip: crops of spans.
  package var views: Int { sampling.views * crops.count }

  private var hasViews: Bool {
    if case .dense = sampling.placement { true } else { crops.count > 1 }
  }

  /// The chosen frames of a clip after the transform, [views][frames].
  package func images(
    at path: String, random: Random = Random(seed: 0), noting: (any Error) -> Void = { _ in }
  ) throws -> [[RGBImage]] {
    var images: [[RGBImage]] = Array(repeating: [], count: views)
    try forEachImage(at: path, random: random, noting: noting) { view, _, image in
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
    let size = crops[0].size
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
    at path: String, random: Random, noting: (any Error) -> Void,
    _ body: (Int, Int, RGBImage) throws -> Void
  ) throws {
    let clip = try decoder.open(path)
    let views = sampling.indices(of: clip.count, random: random.split("frames"))
    if let view = views.first, Set(view).count < view.count {
      noting(ShortClip(path: path, frames: clip.count, sampling: sampling, taken: Set(view).count))
    }
    let geometries = crops.map { $0.geometry(of: clip.size, random: random) }
    var last: (index: Int, images: [RGBImage])?
    for (number, view) in views.enumerated() {
      for (place, index) in view.enumerated() {
        let images: [RGBImage]
        if let last, last.index == index {
          images = last.images
        } else {
          images = try self.images(of: clip, at: index, as: geometries, random)
        }
        last = (index, images)
        for (crop, image) in images.enumerated() {
          try body(number * crops.count + crop, place, image)
        }
      }
    }
  }

  /// A frame by each of the crops; it is decoded once.
  private func images(
    of clip: any ClipFrames, at index: Int, as geometries: [ImageGeometry], _ random: Random
  ) throws -> [RGBImage] {
    if crops.count == 1 {
      return [crops[0].augmented(try clip.frame(at: index, as: geometries[0]), random: random)]
    }
    let whole = try clip.frame(at: index)
    return zip(crops, geometries).map { $0.augmented(whole.applying($1), random: random) }
  }
}
