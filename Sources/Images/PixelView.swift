import Autodiff
import CKernels

/// Pixels of an image, or of a rectangle of it, in somebody else's memory: the operand of a
/// resampling pass. [height, width, 3], rows `stride` bytes apart.
struct PixelView {
  let width: Int
  let height: Int
  private let base: UnsafePointer<UInt8>
  private let stride: Int

  /// The rectangle that begins at byte `offset`; all its bytes must be within `buffer`.
  init(
    _ buffer: UnsafeBufferPointer<UInt8>, offset: Int = 0, stride: Int? = nil, width: Int,
    height: Int
  ) {
    let stride = stride ?? 3 * width
    let end = offset + (height - 1) * stride + 3 * width
    guard let base = buffer.baseAddress, offset >= 0, width > 0, height > 0, end <= buffer.count
    else {
      fatalError("PixelView: \(width) × \(height) at \(offset) is not within \(buffer.count) bytes")
    }
    (self.base, self.stride, self.width, self.height) = (base + offset, stride, width, height)
  }

  func image() -> RGBImage {
    let bytes = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { output, count in
      for y in 0..<height {
        UnsafeMutableBufferPointer(rebasing: output[(3 * width * y)...])
          .baseAddress?.update(from: base + stride * y, count: 3 * width)
      }
      count = output.count
    }
    return RGBImage(width: width, height: height, pixels: bytes)
  }

  /// [height, width, 3] → [height, taps, 3].
  func resampleAlongRows(_ taps: ResamplingTaps, into output: UnsafeMutableBufferPointer<UInt8>) {
    check(taps, width, output, 3 * taps.starts.count * height)
    withScratch(3 * Int(CK_RESAMPLE_ROWS) * (width + taps.starts.count)) { scratch in
      taps.withUnsafeTaps {
        ck_resample_rows(output.baseAddress, base, stride, height, width, $0, scratch.baseAddress)
      }
    }
  }

  /// [height, width, 3] → [taps, width, 3].
  func resampleAlongColumns(
    _ taps: ResamplingTaps, into output: UnsafeMutableBufferPointer<UInt8>
  ) {
    check(taps, height, output, 3 * width * taps.starts.count)
    taps.withUnsafeTaps { ck_resample_columns(output.baseAddress, base, stride, width, $0) }
  }

  private func check(
    _ taps: ResamplingTaps, _ length: Int, _ output: UnsafeMutableBufferPointer<UInt8>,
    _ count: Int
  ) {
    checkPrecondition(
      taps.span.lowerBound >= 0 && taps.span.upperBound <= length && output.count == count,
      "PixelView: taps of \(taps.span) on \(length) pixels, \(output.count) bytes for \(count)")
  }
}

/// Calls `body` with room for `count` bytes, which must be positive.
///
/// The memory is that of a tensor, whose pool keeps it: a steady stream of images asks the system
/// for none. Room that only a huge image needs is not kept.
func withScratch<Result>(
  _ count: Int, _ body: (UnsafeMutableBufferPointer<UInt8>) throws -> Result
) rethrows -> Result {
  guard count <= 32 << 20 else {
    return try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count, body)
  }
  var memory = Tensor(unsafeUninitialized: [(count + 3) / 4])
  return try memory.withUnsafeMutableBufferPointer { floats in
    try UnsafeMutableRawBufferPointer(floats).withMemoryRebound(to: UInt8.self) {
      try body(UnsafeMutableBufferPointer(rebasing: $0[..<count]))
    }
  }
}
