import ArgumentParser
import Training

/// The flags of `convit train` that say what becomes of the images.
struct DataFlags: ParsableArguments {
  @Flag(
    inversion: .prefixedNo, help: "Three augmented copies of each image in turn. (default: on)")
  var repeatedAug: Bool?
  @Flag(
    inversion: .prefixedNo,
    help: "Random crops and mirror images; without, the evaluation transform. (default: on)")
  var augment: Bool?
  @Flag(inversion: .prefixedNo, help: "A new order every epoch. (default: on)")
  var shuffle: Bool?
  @Option(help: .name("How crops are resized. (default: bicubic)"))
  var trainInterpolation: TrainingConfiguration.Interpolation?
  @OptionGroup(title: "Data") var images: ImageOptions

  func apply(to c: inout TrainingConfiguration) {
    replace(&c.repeatedAug, repeatedAug)
    replace(&c.augment, augment)
    replace(&c.shuffle, shuffle)
    replace(&c.trainInterpolation, trainInterpolation)
    replace(&c.exif, images.exif)
    replace(&c.alphaBackground, images.alphaBackground)
  }
}

extension TrainingConfiguration.Interpolation: ExpressibleByArgument {}
