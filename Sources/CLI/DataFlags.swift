import ArgumentParser
import Images
import Recipes

/// The flags of `convit train` that say which images it sees, and how they are read.
struct DataFlags: SettingFlags {
  @OptionGroup(title: "Data") var layout: LayoutOptions
  @Option(.number("The share of each class to train on, at random, at least one. (default: 1)"))
  var samplingRatio: Double?
  @Flag(onOff: "Take the first images of each class for it, as the reference does. (default: off)")
  var samplingFirst: Bool?
  @Flag(onOff: "Divide --epochs by the ratio, for as many images in all. (default: off)")
  var scaleEpochs: Bool?
  @Option(.file("Train on the critical images of a ticket of convit ticket. (default: all)"))
  var pracSet: OrNone<String>?
  @Flag(onOff: "Three augmented copies of each image in turn. (default: on)") var repeatedAug: Bool?
  @Flag(onOff: "A new order every epoch. (default: on)") var shuffle: Bool?
  @OptionGroup(title: "Data") var bad: BadImageOptions
  @OptionGroup(title: "Data") var images: ImageOptions
  @OptionGroup(title: "Clips") var clips: ClipFlags
}

/// The flags of `convit train` that say which frames of a clip it sees.
struct ClipFlags: SettingFlags {
  @Option(.int("Frames of a clip from one that the model sees to the next. (default: 1)"))
  var frameStride: Int?
  @Option(
    .name("Where the frames begin in training: first, middle or random. (default: random)"))
  var trainPlacement: DataSettings.Placement?
  @Option(.name("Where they begin in evaluation: first or middle. (default: middle)"))
  var evalPlacement: DataSettings.FixedPlacement?
  @OptionGroup var limits: ClipLimitOptions
}

struct ClipLimitOptions: SettingFlags {
  @Option(.int("The most frames of a clip. (default: 100000)")) var maxFrames: Int?
  @Option(.number("The most seconds of a clip. (default: 3600)")) var maxSeconds: Double?
}

struct LayoutOptions: SettingFlags {
  @Option(
    .name(
      "IMNET for folders of images, INAT or INAT19 for iNaturalist's files, CIFAR, CIFAR10, "
        + "CIFAR100. (default: IMNET)"))
  var dataSet: DataSettings.DataSet?
  @Option(.file("What to validate on, where --data-path is a file that lists nothing for it."))
  var valPath: OrNone<String>?
  @Option(.name("The level of iNaturalist's classes: kingdom … genus, name. (default: name)"))
  var inatCategory: INaturalist.Category?
  @Option(
    .folder("The folder, or split of a CSV file, to train on. (default: train, or such a name)"))
  var trainSplit: OrNone<String>?
  @Option(
    .folder("The folder, or split of a CSV file, to validate on. (default: val, or such a name)"))
  var valSplit: OrNone<String>?
  @Option(.number("Hold out this share of each class to test on, if there is no val/."))
  var valFraction: OrOff<Double>?

  /// Throws a usage error for flags that say nothing, or something else, beside `--split`.
  ///
  /// - Parameter mayTrain: whether images of `train` may be looked at, whatever the split.
  func validate(beside split: String, mayTrain: Bool = false) throws {
    if valSplit != nil && split != "val" {
      throw ValidationError("val-split and split are two ways to choose what to measure on")
    }
    if trainSplit != nil && valFraction == nil && split != "train" && !mayTrain {
      throw ValidationError("train-split is for --val-fraction or --split train")
    }
  }
}

struct BadImageOptions: SettingFlags {
  @Option(
    .name("error: stop at an image that cannot be read; skip: leave it out. (default: error)"))
  var onBadImage: BadImages?
  @Option(.number("The most images to skip: a share if below 1, else a number. (default: 0.05)"))
  var maxBad: OrNone<Double>?
}

extension DataSettings.Placement: ExpressibleByArgument {}
extension DataSettings.FixedPlacement: ExpressibleByArgument {}
extension DataSettings.DataSet: ExpressibleByArgument {}
extension INaturalist.Category: ExpressibleByArgument {}
extension BadImages: ExpressibleByArgument {}

struct ImageOptions: SettingFlags {
  @Flag(onOff: "Turn images as their EXIF orientation says. (default: on)") var exif: Bool?
  @Option(.value("R,G,B", "Lay transparent images on this colour. (default: drop transparency)"))
  var alphaBackground: String?
  @Option(
    .number(
      "Evaluation keeps this share of a resized image's shorter side; 1: all. Weights may have a "
        + "share of their own. (default: 0.875)"))
  var evalCropRatio: Double?
  @Option(
    list: .number("The mean that images are normalised by, one or three. (default: the preset's)"))
  var mean: [OrNone<Double>] = []
  @Option(list: .number("The standard deviation for it, one or three. (default: the preset's)"))
  var std: [OrNone<Double>] = []
  @Option(
    .name(
      "How 16-bit PNGs become 8 bits: scale, round(v / 257), or pillow, cut as there. (default: "
        + "scale)"))
  var sixteenBit: ImageDecoder.SixteenBitPolicy?
  @OptionGroup var limits: LimitOptions
  @Flag(onOff: "Shrink large JPEGs while decoding: faster, not the exact pixels. (default: off)")
  var scaledDecoding: Bool?

  func validate() throws { _ = try usage { try settings().decoder() } }

  /// The settings that they describe, all others at their defaults.
  func settings() throws -> DataSettings {
    var data = DataSettings()
    apply(to: &data)
    try data.validate()
    return data
  }
}

struct LimitOptions: SettingFlags {
  @Flag(onOff: "Accept damaged JPEG data where libjpeg can make up for it. (default: off)")
  var lenientJpeg: Bool?
  @Option(.int("The most pixels of an image. (default: 89478485)")) var maxPixels: Int?
  @Option(.int("The most bytes of an image's file. (default: 268435456)")) var maxBytes: Int?
}

extension ImageDecoder.SixteenBitPolicy: ExpressibleByArgument {}

/// Throws a usage error for a number that is given and not in a range.
func require(_ name: String, _ value: Int?, in range: ClosedRange<Int>) throws {
  if let value, !range.contains(value) {
    throw ValidationError(
      "\(name) must be \(range.lowerBound) to \(range.upperBound), found \(value)")
  }
}

/// What `body` returns; what it throws is a usage error.
func usage<Value>(_ body: () throws -> Value) throws -> Value {
  do { return try body() } catch { throw ValidationError("\(error)") }
}
