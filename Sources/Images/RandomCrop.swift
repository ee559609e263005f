import Autodiff
import Foundation

/// How a training image comes to its size, by chance.
protocol RandomCrop: Sendable {
  var size: ImageSize { get }
  func geometry(of image: ImageSize, random: inout Random) -> ImageGeometry
}

/// A random part of an image, resized: torchvision's `RandomResizedCrop`.
///
/// A crop has a share of the image's area drawn from 0.08 to 1 and a ratio of width to height drawn
/// evenly on a logarithmic scale from 3/4 to 4/3. After ten draws that do not fit, the largest
/// centred crop whose ratio is within bounds is taken, so that it ends for any image.
struct RandomResizedCrop: RandomCrop {
  let size: ImageSize
  /// The filters to choose from for each image; `[.bilinear, .bicubic]` is timm's `random`.
  var resamplings: [Resampling] = [.bicubic]

  func geometry(of image: ImageSize, random: inout Random) -> ImageGeometry {
    let region = region(of: image) { random.uniform() }
    return ImageGeometry(
      region: region, resized: size, resampling: resamplings.drawn(from: &random))
  }

  /// The part to take, from numbers in [0, 1): two for the shape of each draw, two for the place.
  func region(of image: ImageSize, uniform: () -> Double) -> PixelRegion {
    let (width, height) = (image.width, image.height)
    let area = Double(width * height)
    let (least, greatest) = (3.0 / 4, 4.0 / 3)
    let (low, high) = (log(least), log(greatest))
    for _ in 0..<10 {
      let share = 0.08 + (1 - 0.08) * uniform()
      let aspect = exp(low + (high - low) * uniform())
      let w = pythonRound((area * share * aspect).squareRoot())
      let h = pythonRound((area * share / aspect).squareRoot())
      if w > 0 && w <= width && h > 0 && h <= height {
        let y = Int(uniform() * Double(height - h + 1))
        let x = Int(uniform() * Double(width - w + 1))
        return PixelRegion(x: x, y: y, width: w, height: h)
      }
    }
    var (w, h) = (width, height)
    let given = Double(width) / Double(height)
    if given < least {
      h = min(max(pythonRound(Double(w) / least), 1), height)
    } else if given > greatest {
      w = min(max(pythonRound(Double(h) * greatest), 1), width)
    }
    return PixelRegion(x: (width - w) / 2, y: (height - h) / 2, width: w, height: h)
  }
}

/// A random part of the size out of a resized image (bicubic) and a border of four pixels.
///
/// With a black border the image is first resized to the size: torchvision's
/// `RandomCrop(size, padding=4)`, which DeiT uses for images of 32 pixels and fewer. With a
/// mirrored one it is scaled so that it just covers the size: DeiT's simple random crop.
struct PaddedRandomCrop: RandomCrop {
  let size: ImageSize
  var border = ImageGeometry.Border.black
  var padding = 4

  func geometry(of image: ImageSize, random: inout Random) -> ImageGeometry {
    let whole =
      border == .black
      ? size : ImageSize(covering: size, width: image.width, height: image.height)
    let y = random.below(whole.height + 2 * padding - size.height + 1) - padding
    let x = random.below(whole.width + 2 * padding - size.width + 1) - padding
    return ImageGeometry(
      region: PixelRegion(wholeOf: image), resized: whole,
      kept: PixelRegion(x: x, y: y, width: size.width, height: size.height), border: border)
  }
}

extension [Resampling] {
  /// One of the filters; where there is only one, nothing is drawn.
  func drawn(from random: inout Random) -> Resampling {
    count == 1 ? self[0] : self[random.below(count)]
  }
}

/// To the nearest whole number, and from the middle to the even one, as Python's `round`.
func pythonRound(_ value: Double) -> Int { Int(value.rounded(.toNearestOrEven)) }
