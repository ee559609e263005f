import ArgumentParser
import Images
import Recipes

/// The flags of `convit train` that say what becomes of a training image.
struct AugmentationFlags: SettingFlags {
  @Flag(onOff: "Random changes of images; without, the evaluation transform. (default: on)")
  var augment: Bool?
  @Option(.name("How crops are resized. (default: bicubic)"))
  var trainInterpolation: AugmentationSettings.Interpolation?
  @Flag(onOff: "Simple random crops: resized to the size, then shifted. (default: off)")
  var src: Bool?
  @Option(
    .value(
      "policy",
      "rand-…, augmix-…, original, originalr, v0, v0r, 3a or none, in timm's notation. "
        + "--three-augment is --aa 3a. (default: rand-m9-mstd0.5-inc1)"))
  var aa: String?
  @Option(.number("Brightness, contrast and saturation, with --aa none or 3a. (default: 0.4)"))
  var colorJitter: Double?
  @Option(.number("Probability of random erasing. (default: 0.25)")) var reprob: Double?
  @Option(.name("What is erased with: zeros, a colour, noise. (default: pixel)"))
  var remode: RandomErasing.Mode?
  @Option(.int("Most rectangles erased in an image. (default: 1)")) var recount: Int?
  @Flag(onOff: "Do not erase in the first half of a batch. (default: off)") var resplit: Bool?
}

extension AugmentationSettings.Interpolation: ExpressibleByArgument {}
extension RandomErasing.Mode: ExpressibleByArgument {}
