import Autodiff

/// DeiT's training transform up to normalisation: a random crop, a mirror image half the time, a
/// policy of augmentations, a jitter of colours.
///
/// Each draws from a source of its own, so that switching one on or off leaves the others as they
/// are. `RandomErasing` comes after normalisation.
public struct TrainingTransform: ImageTransform, Hashable {
  /// How an image comes to its size.
  public enum Crop: Hashable, Sendable {
    /// A random part, resized.
    case resized(RandomResizedCrop)
    /// A shift within a black border; an image of another size is first resized (bicubic).
    case padded(PaddedRandomCrop)
    /// The image just covering the size, and a shift within a mirrored border.
    case reflected(ReflectedRandomCrop)
  }

  /// How an image comes to its size.
  public let crop: Crop
  /// The probability of a mirror image.
  public let flipProbability: Double
  /// What is done at random then.
  public var policy: AugmentationPolicy?
  /// How colours change then.
  public var jitter: ColorJitter?
  /// The colour of what the policy brings in from outside; timm's is the mean of the images.
  public var fill: RGBColor

  /// A transform from its parts.
  public init(
    crop: Crop, flipProbability: Double = 0.5, policy: AugmentationPolicy? = nil,
    jitter: ColorJitter? = nil, fill: RGBColor = .imageNetMean
  ) {
    self.crop = crop
    self.flipProbability = flipProbability
    self.policy = policy
    self.jitter = jitter
    self.fill = fill
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
    case .reflected(let crop): crop.size
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
    case .reflected(let crop):
      geometry = crop.geometry(of: image, random: &place)
    }
    geometry.isMirrored = coin.uniform() < flipProbability
    return geometry
  }

  /// The policy, then the jitter.
  public func augmented(_ image: RGBImage, random: Random) -> RGBImage {
    var result = image
    if let policy { result = policy(result, random: random.split("augment"), fill: fill) }
    if let jitter {
      var colors = random.split("jitter")
      result = jitter.drawn(from: &colors).reduce(result) { $0.applying($1) }
    }
    return result
  }
}
