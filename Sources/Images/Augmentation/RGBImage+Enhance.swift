import CKernels

/// Pillow's `ImageEnhance` and the filters below it, byte for byte.
extension RGBImage {
  /// From the image (0) to another of its size (1) and beyond.
  func blended(with other: RGBImage, _ factor: Double) -> RGBImage {
    produced { source, out in
      ck_blend(out, source, other.pixels, Float(factor), pixels.count)
    }
  }

  /// From the gray image (0) to the image (1) and beyond.
  func saturated(_ factor: Double) -> RGBImage {
    produced { source, out in ck_saturate(out, source, Float(factor), width * height) }
  }

  /// The mean gray value, rounded.
  func meanLuma() -> Int {
    let count = width * height
    return Int(Double(ck_luma_sum(pixels, count)) / Double(count) + 0.5)
  }

  /// `ImageFilter.SMOOTH`; the outermost pixels stay.
  func smoothed() -> RGBImage {
    guard width > 2 && height > 2 else { return self }
    let stride = 3 * width
    return produced { source, out in
      out.update(from: source, count: stride)
      for y in 1..<(height - 1) {
        let (here, there) = (source + y * stride, out + y * stride)
        ck_smooth(there + 3, here + 3, stride, stride - 6)
        for end in [0, stride - 3] { (there + end).update(from: here + end, count: 3) }
      }
      let last = (height - 1) * stride
      (out + last).update(from: source + last, count: stride)
    }
  }
}
