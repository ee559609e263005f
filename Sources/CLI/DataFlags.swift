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
  @Flag(onOff: "Three augmented copies of each image in turn. (default: on)") var repeatedAug: Bool?
  @Flag(onOff: "A new order every epoch. (default: on)") var shuffle: Bool?
  @OptionGroup(title: "Data") var bad: BadImageOptions
  @OptionGroup(title: "Data") var images: ImageOptions
}

/// How a folder of data is laid out.
struct LayoutOptions: SettingFlags {
  @Option(
    .name(
      "IMNET for folders of images, INAT or INAT19 for iNaturalist's files, CIFAR, CIFAR10, "
        + "CIFAR100. (default: IMNET)"))
  var dataSet: DataSettings.DataSet?
  @Option(.file("Images to validate on, where --data-path is a CSV file without them."))
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
}

/// What to do about images that cannot be read.
struct BadImageOptions: SettingFlags {
  @Option(
    .name("error: stop at an image that cannot be read; skip: leave it out. (default: error)"))
  var onBadImage: BadImages?
  @Option(.number("The most images to skip: a share if below 1, else a number. (default: 0.05)"))
  var maxBad: OrNone<Double>?
}

extension DataSettings.DataSet: ExpressibleByArgument {}
extension INaturalist.Category: ExpressibleByArgument {}
extension BadImages: ExpressibleByArgument {}
