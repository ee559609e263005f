import ArgumentParser
import Training

/// The flags of `convit train` that say which images it sees, and how they are read.
struct DataFlags: ParsableArguments {
  @Flag(
    inversion: .prefixedNo, help: "Three augmented copies of each image in turn. (default: on)")
  var repeatedAug: Bool?
  @Flag(inversion: .prefixedNo, help: "A new order every epoch. (default: on)")
  var shuffle: Bool?
  @OptionGroup(title: "Data") var images: ImageOptions

  func apply(to c: inout TrainingConfiguration) {
    replace(&c.repeatedAug, repeatedAug)
    replace(&c.shuffle, shuffle)
    replace(&c.exif, images.exif)
    replace(&c.alphaBackground, images.alphaBackground)
    replace(&c.scaledDecoding, images.scaledDecoding)
  }
}
