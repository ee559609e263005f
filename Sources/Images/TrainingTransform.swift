import Autodiff

/// The geometry of DeiT's training transform: a random crop, then a mirror image half the time.
///
/// Colour changes and erasing come after it and draw from sources of their own, so that switching
/// them on or off leaves crops as they are.
public struct TrainingTransform: ImageTransform, Hashable {
  /// How an image comes to its size.
  public enum Crop: Hashable, Sendable {
    /// A random part, resized.
    case resized(RandomResizedCrop)
    /// A shift within a black border; an image of another size is first resized (bicubic).
    case padded(PaddedRandomCrop)
  }

  /// How an image comes to its size.
  public let crop: Crop
  /// The probability of a mirror image.
  public let flipProbability: Double

  /// A transform from its parts.
  public init(crop: Crop, flipProbability: Double = 0.5) {
    self.crop = crop
    self.flipProbability = flipProbability
  }

  /// DeiT's choice for `size`: a padded crop up to 32 pixels, a random resized crop above.
  public init(size: ImageSize, resamplings: [Resampling] = [.bicubic]) {
    let crop: Crop =
      size.isSmall
      ? .padded(PaddedRandomCrop(height: size.height, width: size.width))
      : .resized(
        RandomResizedCrop(height: size.height, width: size.width, resamplings: resamplings))
    self.init(crop: crop)
  }

  /// The size of every result.
  public var size: ImageSize {
    switch crop {
    case .resized(let crop): ImageSize(height: crop.height, width: crop.width)
    case .padded(let crop): ImageSize(height: crop.height, width: crop.width)
    }
  }

  /// A crop at `size`, perhaps mirrored.
  public func geometry(of image: ImageSize, random: Random) -> ImageGeometry {
    var place = random.split("crop")
    var coin = random.split("flip")
    var geometry: ImageGeometry
    switch crop {
    case .resized(let crop):
      geometry = crop.geometry(of: image, random: &place)
    case .padded(let crop):
      geometry = ImageGeometry(
        region: PixelRegion(wholeOf: image), resized: size,
        kept: crop.region(of: size, random: &place))
    }
    geometry.isMirrored = coin.uniform() < flipProbability
    return geometry
  }
}
