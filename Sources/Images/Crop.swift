import Autodiff

/// A rectangle of whole pixels; it may reach outside an image, where there is black.
public struct PixelRegion: Hashable, Sendable {
  package var x, y, width, height: Int

  /// A rectangle whose upper left pixel is (x, y).
  public init(x: Int, y: Int, width: Int, height: Int) {
    (self.x, self.y, self.width, self.height) = (x, y, width, height)
  }

  init(wholeOf size: ImageSize) {
    self.init(x: 0, y: 0, width: size.width, height: size.height)
  }

  /// A rectangle of `size` in the middle of an image of `whole`, as torchvision's `CenterCrop`
  /// places it: an odd margin is halved to the even neighbour (Python's `round`).
  init(inTheMiddleOf whole: ImageSize, _ size: ImageSize) {
    func start(_ whole: Int, _ crop: Int) -> Int {
      whole < crop ? -((crop - whole) / 2) : pythonRound(Double(whole - crop) / 2)
    }
    self.init(
      x: start(whole.width, size.width), y: start(whole.height, size.height), width: size.width,
      height: size.height)
  }

  /// "7 × 5 pixels at (2, 3)", for a message.
  var described: String { "\(width) × \(height) pixels at (\(x), \(y))" }

  /// Whether every pixel of `other` is in it.
  func contains(_ other: PixelRegion) -> Bool {
    other.x >= x && other.y >= y && other.width <= x + width - other.x
      && other.height <= y + height - other.y
  }
}

extension RGBImage {
  /// The part of the image in `region`, which must not be empty; pixels outside the image are zero.
  func cropped(to region: PixelRegion) -> RGBImage {
    checkPrecondition(region.width > 0 && region.height > 0, "cropped: \(region) has no pixels")
    if region == PixelRegion(wholeOf: size) { return self }
    let inside = max(region.x, 0)..<max(min(region.x + region.width, width), max(region.x, 0))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(3 * region.width * region.height)
    for y in region.y..<(region.y + region.height) {
      guard y >= 0 && y < height && !inside.isEmpty else {
        bytes.append(contentsOf: repeatElement(0, count: 3 * region.width))
        continue
      }
      let row = 3 * y * width
      bytes.append(contentsOf: repeatElement(0, count: 3 * (inside.lowerBound - region.x)))
      bytes.append(
        contentsOf: pixels[(row + 3 * inside.lowerBound)..<(row + 3 * inside.upperBound)])
      let missing = region.x + region.width - inside.upperBound
      bytes.append(contentsOf: repeatElement(0, count: 3 * missing))
    }
    return RGBImage(width: region.width, height: region.height, pixels: bytes)
  }

  func flippedHorizontally() -> RGBImage { oriented(.topRight) }
}
