/// How the camera was held, EXIF tag 0x0112: where the stored first row and first column belong.
enum ExifOrientation: Int {
  case topLeft = 1
  case topRight = 2
  case bottomRight = 3
  case bottomLeft = 4
  case leftTop = 5
  case rightTop = 6
  case rightBottom = 7
  case leftBottom = 8

  /// The orientation that a file's metadata give; upright if they give none of the eight.
  init(_ metadata: CameraMetadata) {
    self = metadata.orientation.flatMap(Self.init(rawValue:)) ?? .topLeft
  }

  /// Whether rows become columns.
  private var isTurned: Bool { rawValue >= Self.leftTop.rawValue }

  /// The size of an upright image, of the stored one or the other way round.
  func turned(_ size: ImageSize) -> ImageSize {
    isTurned ? ImageSize(height: size.width, width: size.height) : size
  }

  /// Where in the stored image, which is of `size`, a part of the upright one is.
  func stored(_ part: PixelRegion, in size: ImageSize) -> PixelRegion {
    var stored =
      isTurned ? PixelRegion(x: part.y, y: part.x, width: part.height, height: part.width) : part
    let startsRight = [.topRight, .bottomRight, .rightBottom, .leftBottom].contains(self)
    let startsBelow = [.bottomRight, .bottomLeft, .rightTop, .rightBottom].contains(self)
    if startsRight { stored.x = size.width - stored.x - stored.width }
    if startsBelow { stored.y = size.height - stored.y - stored.height }
    return stored
  }
}

extension RGBImage {
  /// The image turned upright, as Pillow's `ImageOps.exif_transpose` does:
  /// [height, width, 3] → [height, width, 3], or [width, height, 3] if turned by a quarter.
  func oriented(_ orientation: ExifOrientation) -> RGBImage {
    let (w, h) = (width, height)
    // Pixels of the source: that of the first pixel of the result, and how far apart the sources
    // of neighbours in a row and in a column are.
    let (first, right, down): (Int, Int, Int)
    switch orientation {
    case .topLeft: return self
    case .topRight: (first, right, down) = (w - 1, -1, w)
    case .bottomRight: (first, right, down) = (w * h - 1, -1, -w)
    case .bottomLeft: (first, right, down) = (w * (h - 1), 1, -w)
    case .leftTop: (first, right, down) = (0, w, 1)
    case .rightTop: (first, right, down) = (w * (h - 1), -w, 1)
    case .rightBottom: (first, right, down) = (w * h - 1, -w, -1)
    case .leftBottom: (first, right, down) = (w - 1, w, -1)
    }
    let (newWidth, newHeight) = (orientation.turned(size).width, orientation.turned(size).height)
    let result = [UInt8](unsafeUninitializedCapacity: pixels.count) { target, count in
      pixels.withUnsafeBufferPointer { source in
        guard var to = target.baseAddress, let start = source.baseAddress else { return }
        for y in 0..<newHeight {
          var from = start + 3 * (first + y * down)
          for _ in 0..<newWidth {
            (to[0], to[1], to[2]) = (from[0], from[1], from[2])
            to += 3
            from += 3 * right
          }
        }
      }
      count = pixels.count
    }
    return RGBImage(width: newWidth, height: newHeight, pixels: result)
  }
}
