import CKernels

/// Red, green, blue and alpha, which is not multiplied into the others.
typealias RGBA = SIMD4<UInt8>

/// What the frames of an animation are drawn on, [height, width].
struct ClipCanvas {
  let size: ImageSize
  private var pixels: [RGBA]

  /// A canvas of one colour.
  init(_ size: ImageSize, _ colour: RGBA = RGBA()) {
    self.size = size
    pixels = Array(repeating: colour, count: size.width * size.height)
  }

  /// A rectangle of it, which must be within.
  subscript(region: PixelRegion) -> [RGBA] {
    get { rows(of: region).flatMap { pixels[$0] } }
    set {
      for (y, row) in rows(of: region).enumerated() {
        pixels.replaceSubrange(row, with: newValue[y * region.width..<(y + 1) * region.width])
      }
    }
  }

  /// Makes a rectangle one colour.
  mutating func fill(_ region: PixelRegion, _ colour: RGBA) {
    for row in rows(of: region) { for i in row { pixels[i] = colour } }
  }

  /// Draws a row of colours; what is nil stays.
  mutating func draw(_ indices: ArraySlice<UInt8>, _ palette: [RGBA?], x: Int, y: Int) {
    var place = y * size.width + x
    for index in indices {
      if let colour = palette[Int(index)] { pixels[place] = colour }
      place += 1
    }
  }

  /// Puts pixels over those of a rectangle: Porter and Duff's "over", rounded once. Over what is
  /// opaque or empty it is exactly what the PNG specification and Pillow's paste say.
  mutating func blend(_ source: [RGBA], over region: PixelRegion) {
    var place = 0
    for row in rows(of: region) {
      for i in row {
        pixels[i] = source[place].over(pixels[i])
        place += 1
      }
    }
  }

  private func rows(of region: PixelRegion) -> [Range<Int>] {
    (region.y..<region.y + region.height).map { y in
      let start = y * size.width + region.x
      return start..<start + region.width
    }
  }

  /// As an image, with a decoder's policies for what is transparent, and for colours.
  func image(_ decoder: ImageDecoder) -> RGBImage {
    var background: RGBA?
    if case .composited(let red, let green, let blue) = decoder.alpha {
      background = RGBA(red, green, blue, 255)
    }
    let bytes = [UInt8](unsafeUninitializedCapacity: 3 * pixels.count) { buffer, count in
      for pixel in pixels {
        let shown = background.map { pixel.over($0) } ?? pixel
        buffer[count] = shown.x
        buffer[count + 1] = shown.y
        buffer[count + 2] = shown.z
        count += 3
      }
    }
    let image = RGBImage(width: size.width, height: size.height, pixels: bytes)
    return decoder.isGray ? image.gray : image
  }
}

extension RGBA {
  /// One pixel over another.
  fileprivate func over(_ below: RGBA) -> RGBA {
    if w == 255 { return self }
    if w == 0 { return below }
    // The weights are in units of 1 / 255².
    let above = 255 * UInt32(w)
    let rest = (255 - UInt32(w)) * UInt32(below.w)
    let sum = above + rest
    var mixed = SIMD4<UInt32>(truncatingIfNeeded: self) &* above
    mixed = 2 &* (mixed &+ SIMD4<UInt32>(truncatingIfNeeded: below) &* rest) &+ sum
    var result = RGBA(truncatingIfNeeded: mixed / SIMD4<UInt32>(repeating: 2 * sum))
    result.w = UInt8((2 * sum + 255) / 510)
    return result
  }
}

extension RGBImage {
  /// The image without any saturation, as `ImageDecoder.isGray` has it.
  var gray: RGBImage {
    var image = self
    image.pixels.withUnsafeMutableBufferPointer {
      ck_saturate($0.baseAddress, $0.baseAddress, 0, width * height)
    }
    return image
  }
}
