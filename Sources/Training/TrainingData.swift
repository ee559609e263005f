import Images

/// The images that a run trains and tests on.
public struct TrainingData: Sendable {
  /// The images to train on; their classes are the run's.
  public let training: ImageFolder
  /// The images to test on after each epoch, with the classes of `training`.
  public let validation: ImageFolder

  /// Finds the images that settings ask for; what is random about them follows from `seed`.
  ///
  /// - Throws: `DatasetError`, or `TrainingError` where settings and folder do not go together.
  public init(_ settings: DataSettings, seed: UInt64) throws {
    if settings.valFraction == nil {
      training = try settings.images(of: "train").sampled(by: settings, seed: seed)
      validation = try settings.images(of: "val", classes: training.classes)
    } else {
      let (rest, held) = try settings.divided(seed: seed)
      training = try rest.sampled(by: settings, seed: seed)
      validation = held
    }
  }
}

extension DataSettings {
  /// The images of a split, with the labels of `classes`, if it is another than that of training;
  /// those held out for validation if there is a `valFraction` and the split is `val`.
  ///
  /// - Throws: `DatasetError`, or `TrainingError` where settings and folder do not go together.
  public func images(
    of split: String, classes: [String]? = nil, seed: UInt64 = 0
  ) throws -> ImageFolder {
    let root = dataPath ?? ""
    switch dataSet {
    case _ where valFraction != nil:
      let parts = try divided(seed: seed)
      let images = split == "val" ? parts.validation : parts.training
      guard classes == nil || classes == images.classes else {
        throw DatasetError(path: root, reason: "its classes are not those of the model")
      }
      return images
    case .imageNet:
      return try ImageFolder(root: root, split: split, classes: classes)
    case .cifar, .cifar10, .cifar100:
      do {
        return try ImageFolder(root: root, split: split, classes: classes)
      } catch let error as DatasetError {
        let name = dataSet == .cifar10 ? "cifar10" : "cifar100"
        throw DatasetError(
          path: error.path,
          reason: "\(error.reason) (`convit dataset \(name) SOURCE --output \(root)` makes it)")
      }
    case .iNaturalist2018, .iNaturalist2019:
      let year = dataSet == .iNaturalist2018 ? 2018 : 2019
      let images = try INaturalist(root: root, year: year, category: inatCategory).images(of: split)
      guard classes == nil || classes == images.classes else {
        throw DatasetError(
          path: root, reason: "its classes by \(inatCategory.rawValue) are not those of the model")
      }
      return images
    }
  }

  /// The one folder of images there is, `train/` or the data path itself, in two parts.
  fileprivate func divided(
    seed: UInt64
  ) throws -> (training: ImageFolder, validation: ImageFolder) {
    let root = dataPath ?? ""
    let top = try ImageFolder.folders(in: root)
    guard !top.contains("val") else {
      throw TrainingError(usage: "val-fraction is for data without val/, and \(root) has one")
    }
    return try ImageFolder(root: root, split: top.contains("train") ? "train" : "")
      .divided(validation: valFraction ?? 0, seed: seed)
  }
}

extension ImageFolder {
  fileprivate func sampled(by settings: DataSettings, seed: UInt64) throws -> ImageFolder {
    guard settings.samplingRatio < 1 else { return self }
    return try sampled(
      settings.samplingRatio, settings.samplingFirst ? .first : .random(seed: seed))
  }
}
