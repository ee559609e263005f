/// Planes of luma and chroma to RGB, by the matrix of BT.601, as swscale does it with
/// `neighbor+full_chroma_int+accurate_rnd+bitexact`: sums of whole numbers, rounded once.
///
/// Of each chroma sample all pixels that it stands for have the colour. What is outside of 0 … 255
/// is cut, where swscale's 32 bits overflow for some colours that no picture has.
struct YUVConversion {
  private let size: ImageSize
  /// How many pixels a chroma sample stands for; nil for luma alone, which is grey of full range.
  private let chroma: (across: Int, down: Int)?
  private let weights: Weights

  /// In units of 1 / 8192.
  private struct Weights {
    let luma, black, redV, greenU, greenV, blueU: Int

    /// Luma 16 … 235, chroma 16 … 240.
    static let limited = Weights(
      luma: 9539, black: 16, redV: 13075, greenU: -3209, greenV: -6660, blueU: 16525)
    static let full = Weights(
      luma: 8192, black: 0, redV: 11485, greenU: -2819, greenV: -5850, blueU: 14516)
  }

  init(size: ImageSize, chroma: (across: Int, down: Int)?, isFullRange: Bool) {
    (self.size, self.chroma) = (size, chroma)
    weights = isFullRange ? .full : .limited
  }

  /// Pixels of a plane of chroma.
  private var chromaSize: ImageSize {
    guard let chroma else { return ImageSize(0) }
    return ImageSize(
      height: (size.height + chroma.down - 1) / chroma.down,
      width: (size.width + chroma.across - 1) / chroma.across)
  }

  /// Bytes of a frame: a plane of luma and two of chroma.
  var byteCount: Int {
    size.height * size.width + 2 * chromaSize.height * chromaSize.width
  }

  /// The image of `byteCount` bytes.
  func image(_ planes: [UInt8]) -> RGBImage {
    let (width, height) = (size.width, size.height)
    let pixels = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { output, count in
      for y in 0..<height {
        for x in 0..<width {
          let (red, green, blue) = colour(planes, x, y)
          output[count] = red
          output[count + 1] = green
          output[count + 2] = blue
          count += 3
        }
      }
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  private func colour(_ planes: [UInt8], _ x: Int, _ y: Int) -> (UInt8, UInt8, UInt8) {
    let value = planes[y * size.width + x]
    guard let chroma else { return (value, value, value) }
    let luma = weights.luma * (Int(value) - weights.black) + 4096
    let first = size.height * size.width
    let place = first + y / chroma.down * chromaSize.width + x / chroma.across
    let u = Int(planes[place]) - 128
    let v = Int(planes[place + chromaSize.height * chromaSize.width]) - 128
    func byte(_ sum: Int) -> UInt8 { UInt8(clamping: sum >> 13) }
    return (
      byte(luma + weights.redV * v), byte(luma + weights.greenU * u + weights.greenV * v),
      byte(luma + weights.blueU * u)
    )
  }
}
