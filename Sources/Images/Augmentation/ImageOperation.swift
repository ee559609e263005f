/// A change to an image that keeps its size: Pillow's, as timm's auto-augmentation uses them.
enum ImageOperation: Hashable, Sendable {
  /// Each channel stretched to 0 … 255 (`ImageOps.autocontrast`).
  case autoContrast
  /// Each channel with an even histogram (`ImageOps.equalize`).
  case equalize
  /// 255 − v.
  case invert
  /// The highest `bits` bits of each value; 0 make black (Pillow refuses them since version 13), 8
  /// and more leave all.
  case posterize(bits: Int)
  /// Values from `threshold` on inverted.
  case solarize(threshold: Int)
  /// `addend` added to values below 128, to 255 at most.
  case solarizeAdd(Int)
  /// Towards (below 1) or away from (above 1) the gray image (`ImageEnhance.Color`).
  case color(Double)
  /// The same for a gray image of the mean (`ImageEnhance.Contrast`).
  case contrast(Double)
  /// The same for a black image (`ImageEnhance.Brightness`).
  case brightness(Double)
  /// The same for a smoothed image (`ImageEnhance.Sharpness`).
  case sharpness(Double)
  /// Blurred with about a Gaussian of this standard deviation in pixels.
  case gaussianBlur(radius: Double)
  /// Turned counterclockwise about the middle.
  case rotate(degrees: Double)
  /// Rows shifted in proportion to their distance from the top.
  case shearX(Double)
  /// Columns shifted in proportion to their distance from the left edge.
  case shearY(Double)
  /// Shifted left by a share of the width.
  case translateX(Double)
  /// Shifted up by a share of the height.
  case translateY(Double)
}

extension RGBImage {
  /// The image after `operation`.
  ///
  /// - Parameters:
  ///   - resampling: How geometric operations interpolate.
  ///   - fill: The colour of what they bring in from outside.
  func applying(
    _ operation: ImageOperation, resampling: Resampling = .bicubic, fill: RGBColor = .imageNetMean
  ) -> RGBImage {
    func moved(_ map: AffineMap) -> RGBImage {
      transformed(by: map, resampling: resampling, fill: fill)
    }
    switch operation {
    case .autoContrast: return mapped(by: ToneTables(autoContrastOf: histograms()))
    case .equalize: return mapped(by: ToneTables(equalizing: histograms()))
    case .invert: return mapped(by: ToneTables { 255 - $0 })
    case .posterize(let bits):
      return bits >= 8 ? self : mapped(by: ToneTables { $0 & -(1 << (8 - bits)) })
    case .solarize(let threshold):
      return mapped(by: ToneTables { $0 < threshold ? $0 : 255 - $0 })
    case .solarizeAdd(let addend):
      return mapped(by: ToneTables { $0 < 128 ? min($0 + addend, 255) : $0 })
    case .color(let factor): return saturated(factor)
    case .contrast(let factor): return mapped(by: ToneTables(from: meanLuma(), factor))
    case .brightness(let factor): return mapped(by: ToneTables(from: 0, factor))
    case .sharpness(let factor): return smoothed().blended(with: self, factor)
    case .gaussianBlur(let radius): return blurred(radius: radius)
    case .rotate(let degrees): return moved(.rotation(degrees, width: width, height: height))
    case .shearX(let factor): return moved(AffineMap(b: factor))
    case .shearY(let factor): return moved(AffineMap(d: factor))
    case .translateX(let share): return moved(AffineMap(c: share * Double(width)))
    case .translateY(let share): return moved(AffineMap(f: share * Double(height)))
    }
  }
}

/// A colour of 8 bits a channel.
package struct RGBColor: Hashable, Sendable {
  let red, green, blue: UInt8

  /// The mean of ImageNet, with which timm fills.
  static let imageNetMean = RGBColor(red: 124, green: 116, blue: 104)
}

extension RGBColor {
  /// The mean of a normalisation, with which timm fills; the same in all channels for one.
  package init(meanOf normalization: Normalization) {
    let bytes = normalization.mean.map { mean in
      UInt8(min(max((255 * Double(mean)).rounded(.toNearestOrEven), 0), 255))
    }
    self.init(red: bytes[0], green: bytes[bytes.count / 2], blue: bytes[bytes.count - 1])
  }
}
