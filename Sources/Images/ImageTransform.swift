import Autodiff

/// The size of an image in pixels, rows first as in tensors.
public struct ImageSize: Hashable, Sendable, Codable, CustomStringConvertible {
  /// Rows.
  public var height: Int
  /// Columns.
  public var width: Int

  /// `height` rows of `width` pixels.
  public init(height: Int, width: Int) {
    (self.height, self.width) = (height, width)
  }

  /// `side` rows of `side` pixels.
  public init(_ side: Int) { self.init(height: side, width: side) }

  /// The least size in the proportions of `width` × `height`, rounded down, that covers `size`.
  init(covering size: ImageSize, width: Int, height: Int) {
    self =
      size.height * width >= size.width * height
      ? ImageSize(height: size.height, width: size.height * width / height)
      : ImageSize(height: size.width * height / width, width: size.width)
  }

  /// "height × width".
  public var description: String { "\(height) × \(width)" }

  /// Whether DeiT treats it as a set of small images (CIFAR, MNIST), never to be enlarged first.
  var isSmall: Bool { max(height, width) <= 32 }
}

/// A way from an image of any size to one of the model's size; a pure function of its arguments.
public protocol ImageTransform: Sendable {
  /// The size of every result.
  var size: ImageSize { get }
  /// Which pixels of an image of size `image` make the result; what is random is drawn from
  /// `random` and nothing else.
  func geometry(of image: ImageSize, random: Random) -> ImageGeometry
  /// What is done to these pixels, at `size`, after that; by itself nothing.
  func augmented(_ image: RGBImage, random: Random) -> RGBImage
}

extension ImageTransform {
  /// The image as it is.
  public func augmented(_ image: RGBImage, random: Random) -> RGBImage { image }

  func callAsFunction(_ image: RGBImage, random: Random) -> RGBImage {
    augmented(image.applying(geometry(of: image.size, random: random)), random: random)
  }
}
