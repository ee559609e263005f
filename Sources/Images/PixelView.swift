/// Pixels of an image, or of a rectangle of it, in somebody else's memory: the operand of a
/// resampling pass. [height, width, 3], rows `stride` bytes apart.
struct PixelView {
  private let base: UnsafePointer<UInt8>
  private let stride: Int
  private let width: Int
  private let height: Int

  /// The rectangle that begins at byte `offset`; all its bytes must be within `buffer`.
  init(
    _ buffer: UnsafeBufferPointer<UInt8>, offset: Int = 0, stride: Int? = nil, width: Int,
    height: Int
  ) {
    let stride = stride ?? 3 * width
    let end = offset + (height - 1) * stride + 3 * width
    guard let base = buffer.baseAddress, offset >= 0, width > 0, height > 0, end <= buffer.count
    else {
      preconditionFailure(
        "PixelView: \(width) × \(height) at \(offset) is not within \(buffer.count) bytes")
    }
    self.init(base: base + offset, stride: stride, width: width, height: height)
  }

  private init(base: UnsafePointer<UInt8>, stride: Int, width: Int, height: Int) {
    self.base = base
    self.stride = stride
    self.width = width
    self.height = height
  }

  /// Some of the rows.
  func cropped(rows: Range<Int>) -> PixelView {
    PixelView(
      base: base + rows.lowerBound * stride, stride: stride, width: width, height: rows.count)
  }

  /// Some of the columns.
  func cropped(columns: Range<Int>) -> PixelView {
    PixelView(
      base: base + 3 * columns.lowerBound, stride: stride, width: columns.count, height: height)
  }

  /// [height, width, 3] → [height, taps, 3].
  func resampledAlongRows(_ taps: ResamplingTaps) -> [UInt8] {
    let rowBytes = 3 * taps.starts.count
    return [UInt8](unsafeUninitializedCapacity: rowBytes * height) { output, initialized in
      guard var out = output.baseAddress else { return }
      taps.starts.withUnsafeBufferPointer { starts in
        taps.counts.withUnsafeBufferPointer { counts in
          taps.weights.withUnsafeBufferPointer { weights in
            guard let weights = weights.baseAddress else { return }
            for y in 0..<height {
              let line = base + y * stride
              for x in 0..<starts.count {
                Self.weighPixels(
                  line + 3 * starts[x], weights + x * taps.stride, count: counts[x], into: out)
                out += 3
              }
            }
          }
        }
      }
      initialized = rowBytes * height
    }
  }

  /// [height, width, 3] → [taps, width, 3].
  func resampledAlongColumns(_ taps: ResamplingTaps) -> [UInt8] {
    let rowBytes = 3 * width
    let rows = taps.starts.count
    return [UInt8](unsafeUninitializedCapacity: rowBytes * rows) { output, initialized in
      guard let out = output.baseAddress else { return }
      taps.weights.withUnsafeBufferPointer { weights in
        guard let weights = weights.baseAddress else { return }
        for y in 0..<rows {
          weighRows(
            from: taps.starts[y], count: taps.counts[y], weights + y * taps.stride,
            into: out + y * rowBytes)
        }
      }
      initialized = rowBytes * rows
    }
  }

  /// The weighted sum of `count` neighbouring pixels of a row.
  @inline(__always)
  private static func weighPixels(
    _ pixels: UnsafePointer<UInt8>, _ weights: UnsafePointer<Int32>, count: Int,
    into out: UnsafeMutablePointer<UInt8>
  ) {
    var pixel = pixels
    var weight = weights
    let end = weights + count
    var (r, g, b) = (half, half, half)
    while weight < end {
      r &+= Int32(pixel[0]) &* weight.pointee
      g &+= Int32(pixel[1]) &* weight.pointee
      b &+= Int32(pixel[2]) &* weight.pointee
      pixel += 3
      weight += 1
    }
    out[0] = byte(r)
    out[1] = byte(g)
    out[2] = byte(b)
  }

  /// The weighted sum of `count` rows, sixteen bytes at a time.
  private func weighRows(
    from start: Int, count: Int, _ weights: UnsafePointer<Int32>,
    into out: UnsafeMutablePointer<UInt8>
  ) {
    let top = base + start * stride
    let rowBytes = 3 * width
    var x = 0
    while x + 16 <= rowBytes {
      var sum = SIMD16<Int32>(repeating: Self.half)
      for j in 0..<count {
        let pixels = UnsafeRawPointer(top + (j * stride + x))
          .loadUnaligned(as: SIMD16<UInt8>.self)
        sum &+= SIMD16<Int32>(truncatingIfNeeded: pixels) &* weights[j]
      }
      let value = (sum &>> Int32(ResamplingTaps.precision))
        .clamped(lowerBound: SIMD16(repeating: 0), upperBound: SIMD16(repeating: 255))
      UnsafeMutableRawPointer(out + x)
        .storeBytes(of: SIMD16<UInt8>(truncatingIfNeeded: value), as: SIMD16<UInt8>.self)
      x += 16
    }
    while x < rowBytes {
      var sum = Self.half
      for j in 0..<count { sum &+= Int32(top[j * stride + x]) &* weights[j] }
      out[x] = Self.byte(sum)
      x += 1
    }
  }

  /// One half in fixed point, with which every sum begins so that it is rounded at the end.
  private static let half: Int32 = 1 << (Int32(ResamplingTaps.precision) - 1)

  /// A sum in fixed point as a byte.
  @inline(__always)
  private static func byte(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: min(max(sum >> Int32(ResamplingTaps.precision), 0), 255))
  }
}
