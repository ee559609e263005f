import ArgumentParser
import Training

/// The flags of `convit train` that say what becomes of a training image.
struct AugmentationFlags: ParsableArguments {
  @Flag(
    inversion: .prefixedNo,
    help: "Random crops and mirror images; without, the evaluation transform. (default: on)")
  var augment: Bool?
  @Option(help: .name("How crops are resized. (default: bicubic)"))
  var trainInterpolation: AugmentationSettings.Interpolation?

  func apply(to c: inout TrainingConfiguration) {
    replace(&c.augment, augment)
    replace(&c.trainInterpolation, trainInterpolation)
  }
}

extension AugmentationSettings.Interpolation: ExpressibleByArgument {}
