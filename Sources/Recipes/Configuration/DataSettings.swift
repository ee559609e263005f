import Images
import Training

/// Which images an epoch visits, and how they are read.
package struct DataSettings: Settings {
  /// The folder that has `train/<class>/` and `val/<class>/`, or a CSV file that lists images
  /// (`ImageTable`); a run needs it.
  package var dataPath: String?
  /// The CSV file of the images to validate on, where `dataPath` is one without them.
  package var valPath: String?
  package var dataSet = DataSet.imageNet
  /// The level of the taxonomy that iNaturalist's classes are taken from.
  package var inatCategory = INaturalist.Category.name
  /// The folder, or the name in a table, to train on, if it is not `train` and cannot be told by
  /// its name.
  package var trainSplit: String?
  /// The folder, or the name in a table, to validate on, if it is not `val` and cannot be told by
  /// its name.
  package var valSplit: String?
  /// The share of each class to validate on, where there is no `val/`.
  package var valFraction: Double?
  /// The share of each class to train on, at random and at least one image.
  package var samplingRatio = 1.0
  /// Whether that share is the first images of each class, as in the reference.
  package var samplingFirst = false
  /// Whether there are 1 / sampling-ratio times as many epochs, for as many images in all.
  package var scaleEpochs = false
  /// Three differently augmented copies of each image, a third of the images an epoch.
  package var repeatedAug = true
  /// Whether each epoch visits the images in a new random order; else in the folder's.
  package var shuffle = true
  /// What to do about an image that cannot be read.
  package var onBadImage = BadImages.error
  /// The most images of a split that may be skipped: a share if below 1, else a number; 0.05 if
  /// left out.
  package var maxBad: Double?
  /// Whether images are turned as their EXIF orientation says.
  package var exif = true
  /// A colour (R,G,B) that transparent images are laid on; else transparency is dropped.
  package var alphaBackground: String?
  /// The share of a resized image's shorter side that evaluation keeps of its centre; 224 of 256.
  package var evalCropRatio = 0.875
  /// The mean of each channel, or one for all, on a scale from 0 to 1; ImageNet's if left out.
  package var mean: [Double]?
  /// The standard deviation of each channel, or one for all; ImageNet's if left out.
  package var std: [Double]?
  /// How the 16-bit samples of a PNG become 8 bits.
  package var sixteenBit = ImageDecoder.SixteenBitPolicy.scale
  /// Whether damaged JPEG data is accepted where libjpeg can make up for it.
  package var lenientJpeg = false
  /// The most pixels of an image, checked before memory is asked for.
  package var maxPixels = ImageDecoder().maxPixels
  /// The most bytes of an image's file.
  package var maxBytes = ImageDecoder().maxBytes
  /// Whether libjpeg makes large JPEGs smaller while it decodes them: faster, not exact.
  package var scaledDecoding = false

  /// A share of 0.05 of a split's images may be skipped unless `maxBad` says otherwise.
  package static let defaultMaxBad = 0.05

  package init() {}

  /// How a folder of data is laid out; the names are the reference's.
  package enum DataSet: String, Hashable, Sendable, Codable, CaseIterable {
    /// `train/<class>/` and `val/<class>/`.
    case imageNet = "IMNET"
    /// Made folders of images by `convit dataset`; CIFAR is DeiT's name for CIFAR-100.
    case cifar = "CIFAR"
    case cifar10 = "CIFAR10"
    case cifar100 = "CIFAR100"
    case iNaturalist2018 = "INAT"
    case iNaturalist2019 = "INAT19"
  }

  /// Throws what is wrong with the values; `decoder()` looks at the colour.
  package func validate() throws(TrainingError) {
    for (key, name) in [("train-split", trainSplit), ("val-split", valSplit)] {
      guard let name else { continue }
      try require(!name.isEmpty, "\(key) is empty")
      try require(
        ![.iNaturalist2018, .iNaturalist2019].contains(dataSet),
        "\(key) is for folders of images, not for \(dataSet.rawValue)")
    }
    if let valPath {
      try require(
        Self.isTable(valPath) && namesTable,
        "val-path is a table of images (.csv) beside one in data-path; \(valPath) and "
          + "\(dataPath ?? "none") are given")
      try require(
        valSplit == nil && valFraction == nil,
        "val-path and \(valSplit == nil ? "val-fraction" : "val-split") are two ways to choose "
          + "what to validate on")
    }
    try require(
      dataSet == .imageNet || !namesTable,
      "data-set \(dataSet.rawValue) is for folders, and data-path is a table (.csv)")
    if let valFraction {
      try require(
        valSplit == nil, "val-split and val-fraction are two ways to choose what to validate on")
      try require(
        valFraction > 0 && valFraction < 1,
        "val-fraction must be between 0 and 1, found \(valFraction)")
      try require(
        dataSet == .imageNet, "val-fraction is for folders of images, not for \(dataSet.rawValue)")
    }
    try require(
      samplingRatio > 0 && samplingRatio <= 1,
      "sampling-ratio must be above 0 and at most 1, found \(samplingRatio)")
    try requireUse(
      of: samplingFirst ? "sampling-first" : "scale-epochs",
      samplingRatio < 1 || !(samplingFirst || scaleEpochs),
      "\(samplingFirst ? "sampling-first" : "scale-epochs") is for a sampling-ratio below 1")
    try requireUse(
      of: "inat-category",
      inatCategory == .name || [.iNaturalist2018, .iNaturalist2019].contains(dataSet),
      "inat-category is for data-set INAT and INAT19, not for \(dataSet.rawValue)")
    if let maxBad {
      try require(
        maxBad >= 0 && maxBad <= 1e9 && (maxBad < 1 || maxBad == maxBad.rounded()),
        "max-bad must be a share below 1 or a whole number, found \(maxBad)")
      try requireUse(of: "max-bad", onBadImage == .skip, "max-bad is for on-bad-image skip")
    }
    try require(
      evalCropRatio >= 0.01 && evalCropRatio <= 1,
      "eval-crop-ratio must be 0.01 to 1, found \(evalCropRatio)")
    for (name, values) in [("mean", mean), ("std", std)] {
      guard let values else { continue }
      try require(
        [1, 3].contains(values.count) && values.allSatisfy(\.isFinite),
        "\(name) must be one number, or three, found \(values)")
    }
    try require(
      std?.allSatisfy { Float($0) > 0 } ?? true, "std must be above 0, found \(std ?? [])")
    try require(maxPixels > 0, "max-pixels must be at least 1, found \(maxPixels)")
    try require(maxBytes > 0, "max-bytes must be at least 1, found \(maxBytes)")
  }
}
