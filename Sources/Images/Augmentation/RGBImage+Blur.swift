import CKernels

extension RGBImage {
  /// Pillow's `ImageFilter.GaussianBlur`, byte for byte: three boxes along the rows, then three
  /// along the columns, whose ends count in part so that any variance is met (Gwosdek et al. 2011).
  func blurred(radius: Double) -> RGBImage {
    let box = BlurBox(standardDeviation: Float(radius), passes: 3)
    guard box.size != 0 else { return self }
    let stride = 3 * width
    let margin = box.radius + 1
    return produced { source, out in
      // A row with its end pixels repeated, and the image with its first and last row repeated.
      let row = UnsafeMutablePointer<UInt8>.allocate(capacity: stride + 6 * margin)
      let whole = UnsafeMutablePointer<UInt8>.allocate(capacity: (height + 2 * margin) * stride)
      defer {
        row.deallocate()
        whole.deallocate()
      }
      let (from, top) = (row + 3 * margin, whole + margin * stride)
      for y in 0..<height {
        let line = top + y * stride
        line.update(from: source + y * stride, count: stride)
        for _ in 0..<3 {
          from.update(from: line, count: stride)
          for i in 1...margin {
            (from - 3 * i).update(from: line, count: 3)
            (from + stride + 3 * (i - 1)).update(from: line + stride - 3, count: 3)
          }
          ck_box(line, from, 3, box.radius, box.weight, box.edge, stride)
        }
      }
      for pass in 0..<3 {
        if pass > 0 { top.update(from: out, count: height * stride) }
        for i in 1...margin {
          (top - i * stride).update(from: top, count: stride)
          let last = top + (height - 1) * stride
          (last + i * stride).update(from: last, count: stride)
        }
        ck_box(out, top, stride, box.radius, box.weight, box.edge, height * stride)
      }
    }
  }
}

/// A box of 2 · `size` + 1 pixels, not a whole number: in fixed point with 24 fractional bits.
private struct BlurBox {
  /// Half of what the box has beyond its middle.
  let size: Float
  /// The whole pixels in `size`.
  let radius: Int
  /// The weight of each whole pixel.
  let weight: UInt32
  /// The weight of the pixel at each end.
  let edge: UInt32

  /// The box which, applied `passes` times, has this standard deviation.
  init(standardDeviation: Float, passes: Float) {
    let variance = standardDeviation * standardDeviation / passes
    let length = Float((12 * Double(variance) + 1).squareRoot())
    let whole = Float(((Double(length) - 1) / 2).rounded(.down))
    let part =
      (2 * whole + 1) * (whole * (whole + 1) - 3 * variance)
      / (6 * (variance - (whole + 1) * (whole + 1)))
    size = whole + part
    radius = Int(size)
    weight = UInt32(Float(1 << 24) / (size * 2 + 1))
    edge = ((1 << 24) - UInt32(2 * radius + 1) * weight) / 2
  }
}
