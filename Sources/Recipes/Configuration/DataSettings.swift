import Images
import Training

/// Which images an epoch visits, and how they are read.
package struct DataSettings: Settings {
  /// The folder that has `train/<class>/` and `val/<class>/`, or a CSV file that lists images
  /// (`ImageTable`); a run needs it.
  package var dataPath: String?
  package var valPath: String?
  package var dataSet = DataSet.imageNet
  package var inatCategory = INaturalist.Category.name
  package var trainSplit: String?
  package var valSplit: String?
  package var valFraction: Double?
  package var samplingRatio = 1.0
  package var samplingFirst = false
  package var scaleEpochs = false
  package var pracSet: String?
  /// Three differently augmented copies of each image, a third of the images an epoch.
  package var repeatedAug = true
  package var shuffle = true
  package var onBadImage = BadImages.error
  package var maxBad: Double?
  package var exif = true
  package var alphaBackground: String?
  package var evalCropRatio = 0.875
  /// The mean of each channel, or one for all, on a scale from 0 to 1; ImageNet's if left out.
  package var mean: [Double]?
  package var std: [Double]?
  package var sixteenBit = ImageDecoder.SixteenBitPolicy.scale
  package var lenientJpeg = false
  package var maxPixels = ImageDecoder().maxPixels  // checked before memory is asked for
  package var maxBytes = ImageDecoder().maxBytes
  package var scaledDecoding = false
  /// Frames of a clip from one that the model sees to the next.
  package var frameStride = 1
  package var trainPlacement = Placement.random
  package var evalPlacement = FixedPlacement.middle
  package var maxFrames = ClipDecoder().maxFrames
  package var maxSeconds = ClipDecoder().maxSeconds

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

  /// Where the span of frames begins that a model sees of a clip.
  package enum Placement: String, Hashable, Sendable, Codable, CaseIterable {
    case first, middle, random

    var ofSampling: ClipSampling.Placement {
      switch self {
      case .first: .first
      case .middle: .middle
      case .random: .random
      }
    }
  }

  /// The same in evaluation, where results are to be the same each time.
  package enum FixedPlacement: String, Hashable, Sendable, Codable, CaseIterable {
    case first, middle

    package var ofSampling: ClipSampling.Placement { self == .first ? .first : .middle }
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
        "val-path is a table of images (.csv), or a list of clips (.txt), beside one in data-path; "
          + "\(valPath) and "
          + "\(dataPath ?? "none") are given")
      try require(
        valSplit == nil && valFraction == nil,
        "val-path and \(valSplit == nil ? "val-fraction" : "val-split") are two ways to choose "
          + "what to validate on")
    }
    try require(
      dataSet == .imageNet || !namesTable,
      "data-set \(dataSet.rawValue) is for folders, and data-path is a table or list")
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
    try requireCounts(["frame-stride": frameStride])
    try require(maxFrames > 0, "max-frames must be at least 1, found \(maxFrames)")
    try require(maxSeconds > 0, "max-seconds must be above 0, found \(maxSeconds)")
  }
}
