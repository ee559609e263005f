import Autodiff

/// The size of an image in pixels, rows first as in tensors.
public struct ImageSize: Hashable, Sendable, Codable, CustomStringConvertible {
  /// Rows.
  public var height: Int
  /// Columns.
  public var width: Int

  /// `height` rows of `width` pixels.
  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// `side` rows of `side` pixels.
  public init(_ side: Int) { self.init(height: side, width: side) }

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
}

extension ImageTransform {
  /// The image at `size`.
  public func callAsFunction(_ image: RGBImage, random: Random) -> RGBImage {
    image.applying(geometry(of: image.size, random: random))
  }
}
