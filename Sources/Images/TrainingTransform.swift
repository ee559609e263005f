import Autodiff

/// DeiT's training transform up to normalisation: a random crop, a mirror image half the time, a
/// policy of augmentations, a jitter of colours.
///
/// Each draws from a source of its own, so that switching one on or off leaves the others as they
/// are. `RandomErasing` comes after normalisation.
public struct TrainingTransform: ImageTransform {
  let crop: any RandomCrop
  var flipProbability = 0.5
  package var policy: AugmentationPolicy?
  /// How far brightness, contrast and saturation go from 1, after the policy.
  package var jitter = 0.0
  /// The colour of what the policy brings in from outside; timm's is the mean of the images.
  package var fill = RGBColor.imageNetMean

  /// The size of every result.
  public var size: ImageSize { crop.size }

  /// A crop at `size`, perhaps mirrored.
  public func geometry(of image: ImageSize, random: Random) -> ImageGeometry {
    var place = random.split("crop")
    var coin = random.split("flip")
    var geometry = crop.geometry(of: image, random: &place)
    geometry.isMirrored = coin.uniform() < flipProbability
    return geometry
  }

  /// The policy, then the jitter.
  public func augmented(_ image: RGBImage, random: Random) -> RGBImage {
    var result = image
    if let policy { result = policy(result, random: random.split("augment"), fill: fill) }
    if jitter > 0 {
      var colors = random.split("jitter")
      result = Self.jitter(jitter, from: &colors).reduce(result) { $0.applying($1) }
    }
    return result
  }

  /// The operations of torchvision's `ColorJitter` with one strength for brightness, contrast and
  /// saturation, in random order. Factors are drawn evenly from 1 ± `strength`, but never below 0.
  static func jitter(_ strength: Double, from random: inout Random) -> [ImageOperation] {
    let operations = [ImageOperation.brightness, ImageOperation.contrast, ImageOperation.color]
    return random.permutation(3).map {
      operations[$0](random.uniform(max(1 - strength, 0), 1 + strength))
    }
  }
}

extension TrainingTransform {
  /// DeiT's choice for `size`: a random resized crop; up to 32 pixels, a shift by up to four of
  /// them within a black border.
  ///
  /// - Parameters:
  ///   - size: Of the images that a model takes.
  ///   - resamplings: The filters to choose from for each image; `[.bilinear, .bicubic]` is
  ///     timm's `random`.
  ///   - policy: What is done at random then.
  ///   - jitter: How far brightness, contrast and saturation go from 1 then.
  /// - Precondition: both sides are positive, there is a filter, and `jitter` is not negative.
  public init(
    size: ImageSize, resamplings: [Resampling] = [.bicubic], policy: AugmentationPolicy? = nil,
    jitter: Double = 0
  ) {
    checkPrecondition(
      size.height > 0 && size.width > 0 && !resamplings.isEmpty && jitter >= 0,
      "TrainingTransform: no size \(size), filters \(resamplings) or jitter \(jitter)")
    let crop: any RandomCrop =
      size.isSmall
      ? PaddedRandomCrop(size: size) : RandomResizedCrop(size: size, resamplings: resamplings)
    self.init(crop: crop, policy: policy, jitter: jitter)
  }

  /// DeiT's simple crop (`--src`): a shift of the image that just covers `size`.
  package init(shiftingTo size: ImageSize) {
    checkPrecondition(size.height > 0 && size.width > 0, "TrainingTransform: no size \(size)")
    self.init(crop: PaddedRandomCrop(size: size, border: .mirrored))
  }
}
