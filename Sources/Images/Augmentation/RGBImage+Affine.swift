import CKernels
import Foundation

/// Where a pixel of the result comes from: (x, y) ← (a x + b y + c, d x + e y + f).
struct AffineMap {
  var a = 1.0
  var b = 0.0
  var c = 0.0
  var d = 0.0
  var e = 1.0
  var f = 0.0

  /// Counterclockwise about the middle of an image, as Pillow rounds it.
  static func rotation(_ degrees: Double, width: Int, height: Int) -> AffineMap {
    func rounded(_ value: Double) -> Double { (value * 1e15).rounded(.toNearestOrEven) / 1e15 }
    let turn = degrees.truncatingRemainder(dividingBy: 360)
    let angle = -(turn < 0 ? turn + 360 : turn) * (.pi / 180)
    let (x, y) = (Double(width) / 2, Double(height) / 2)
    var map = AffineMap(
      a: rounded(cos(angle)), b: rounded(sin(angle)), d: rounded(-sin(angle)),
      e: rounded(cos(angle)))
    map.c = map.a * -x + map.b * -y + x
    map.f = map.d * -x + map.e * -y + y
    return map
  }
}

extension RGBImage {
  /// Pillow's `Image.transform` with an affine map, bilinear or bicubic, byte for byte.
  ///
  /// Pixels are squares whose centres are mapped; there is no antialiasing. The cubic filter is
  /// Keys' with a = −1, not the −0.5 of `resized`. What comes from outside is `fill`.
  func transformed(by map: AffineMap, resampling: Resampling, fill: RGBColor) -> RGBImage {
    let margin = 2
    let stride = 3 * (width + 2 * margin)
    let rows = height + 2 * margin
    let padded = UnsafeMutablePointer<UInt8>.allocate(capacity: rows * stride + 4)
    defer { padded.deallocate() }
    (padded + rows * stride).update(repeating: 0, count: 4)
    let first = padded + margin * stride + 3 * margin
    return produced { source, out in
      for y in 0..<rows {
        let line = source + 3 * width * min(max(y - margin, 0), height - 1)
        let to = padded + y * stride
        for x in 0..<margin {
          (to + 3 * x).update(from: line, count: 3)
          (to + stride - 3 * (x + 1)).update(from: line + 3 * (width - 1), count: 3)
        }
        (to + 3 * margin).update(from: line, count: 3 * width)
      }
      for x in 0..<width {
        (out[3 * x], out[3 * x + 1], out[3 * x + 2]) = (fill.red, fill.green, fill.blue)
      }
      for y in 1..<max(height, 1) { (out + 3 * width * y).update(from: out, count: 3 * width) }
      withUnsafeTemporaryAllocation(of: Double.self, capacity: 6) { matrix in
        _ = matrix.initialize(fromContentsOf: [map.a, map.b, map.c, map.d, map.e, map.f])
        for y in 0..<height {
          ck_affine_row(
            out + 3 * width * y, first, stride, width, height, matrix.baseAddress, Double(y),
            resampling == .bicubic ? 1 : 0, width)
        }
      }
    }
  }
}
