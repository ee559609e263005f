import Autodiff
import Foundation

/// A random part of an image, resized: torchvision's `RandomResizedCrop`.
///
/// A crop has a share of the image's area drawn from `scale` and a ratio of width to height drawn
/// evenly on a logarithmic scale from `ratio`. After ten draws that do not fit, the largest centred
/// crop whose ratio is within bounds is taken, so that it ends for any image.
public struct RandomResizedCrop: Hashable, Sendable {
  /// Rows of the result.
  public var height: Int
  /// Columns of the result.
  public var width: Int
  /// The least and the greatest share of the area.
  public var scale: ClosedRange<Double>
  /// The least and the greatest ratio of width to height.
  public var ratio: ClosedRange<Double>
  /// The filters to choose from for each image; `[.bilinear, .bicubic]` is timm's `random`.
  public var resamplings: [Resampling]

  /// A crop to `width` × `height`.
  ///
  /// - Precondition: the sizes and ratios are positive, the scale is not negative and there is a
  ///   filter.
  public init(
    height: Int, width: Int, scale: ClosedRange<Double> = 0.08...1,
    ratio: ClosedRange<Double> = (3.0 / 4)...(4.0 / 3), resamplings: [Resampling] = [.bicubic]
  ) {
    checkPrecondition(
      height > 0 && width > 0 && ratio.lowerBound > 0 && scale.lowerBound >= 0
        && !resamplings.isEmpty,
      "RandomResizedCrop: no crop to \(width) × \(height) of scale \(scale), ratio \(ratio), "
        + "filters \(resamplings)")
    self.height = height
    self.width = width
    self.scale = scale
    self.ratio = ratio
    self.resamplings = resamplings
  }

  /// A crop of `image`, drawn from `random`, at the size of the result.
  public func callAsFunction(_ image: RGBImage, random: inout Random) -> RGBImage {
    image.applying(geometry(of: image.size, random: &random))
  }

  /// A part to take, and how.
  func geometry(of image: ImageSize, random: inout Random) -> ImageGeometry {
    let region = region(width: image.width, height: image.height, random: &random)
    let resampling =
      resamplings.count == 1 ? resamplings[0] : resamplings[random.below(resamplings.count)]
    return ImageGeometry(
      region: region, resized: ImageSize(height: height, width: width), resampling: resampling)
  }

  /// The part to take of an image of `width` × `height`.
  public func region(width: Int, height: Int, random: inout Random) -> PixelRegion {
    region(width: width, height: height) { random.uniform() }
  }

  /// The same from numbers in [0, 1): two for the shape of each draw, two for the place.
  func region(width: Int, height: Int, uniform: () -> Double) -> PixelRegion {
    let area = Double(width * height)
    let (low, high) = (log(ratio.lowerBound), log(ratio.upperBound))
    for _ in 0..<10 {
      let size = scale.lowerBound + (scale.upperBound - scale.lowerBound) * uniform()
      let aspect = exp(low + (high - low) * uniform())
      let w = pythonRound((area * size * aspect).squareRoot())
      let h = pythonRound((area * size / aspect).squareRoot())
      if w > 0 && w <= width && h > 0 && h <= height {
        let y = Int(uniform() * Double(height - h + 1))
        let x = Int(uniform() * Double(width - w + 1))
        return PixelRegion(x: x, y: y, width: w, height: h)
      }
    }
    var (w, h) = (width, height)
    let given = Double(width) / Double(height)
    if given < ratio.lowerBound {
      h = min(max(pythonRound(Double(w) / ratio.lowerBound), 1), height)
    } else if given > ratio.upperBound {
      w = min(max(pythonRound(Double(h) * ratio.upperBound), 1), width)
    }
    return PixelRegion(x: (width - w) / 2, y: (height - h) / 2, width: w, height: h)
  }
}

/// To the nearest whole number, and from the middle to the even one, as Python's `round`.
func pythonRound(_ value: Double) -> Int { Int(value.rounded(.toNearestOrEven)) }
