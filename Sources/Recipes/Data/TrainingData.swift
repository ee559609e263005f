import Files
import Images

/// The images or clips that a run trains and tests on.
package struct TrainingData: Sendable {
  /// The images to train on; their classes are the run's.
  package let training: ImageFolder
  /// The images to test on after each epoch, with the classes of `training`.
  package let validation: ImageFolder
  /// What was made of a folder that is laid out otherwise, and what looks like a mistake.
  package let notes: [String]

  /// Finds the images or clips that settings ask for; what is random about them follows from
  /// `seed`.
  package init(
    _ settings: DataSettings, of kind: ExampleKind = .images, seed: UInt64
  ) throws {
    let all: ImageFolder
    if settings.valFraction == nil {
      all = try settings.images(of: "train", kind: kind)
      validation = try settings.images(
        of: "val", kind: kind, classes: all.classes, owner: .training)
    } else {
      (all, validation) = try settings.divided(kind, seed: seed)
    }
    let sampled =
      settings.samplingRatio < 1
      ? try all.sampled(settings.samplingRatio, seed: settings.samplingFirst ? nil : seed) : all
    training = try settings.pracSet.map { try PracSet(contentsOf: $0).part(of: sampled) } ?? sampled
    let isDivided = settings.valFraction != nil
    notes =
      Self.notes(all, validation, isDivided: isDivided)
      + (kind == .images && isDivided
        ? [all.noteOnFrames(beside: validation)].compactMap(\.self) : [])
  }

  private static func notes(
    _ training: ImageFolder, _ validation: ImageFolder, isDivided: Bool
  ) -> [String] {
    let notes = training.warnings
    var others = validation.warnings.filter { !notes.contains($0) }
    if training.classes.count == 1 {
      others.append(
        "\(training.folder): one class only, \(ClassNames.shown(training.classes[0])): any "
          + "answer of a model is right, and its accuracy 100 %")
    }
    let (train, val) = (training.samples.count, validation.samples.count)
    let images = training.kind.plural
    if isDivided { return notes + others }
    if training.folder == validation.folder {
      others.append("\(training.folder): the \(images) to train on are those to validate on")
    } else if val > train {
      others.append(
        "\(validation.folder) has \(val) \(images) to validate on, and \(training.folder) only "
          + "\(train) to train on: they may be swapped")
    }
    return notes + others
  }
}

extension DataSettings {
  /// The images of a split, with the labels of `classes`, if it is another than that of training;
  /// those held out for validation if there is a `valFraction` and the split is `val`.
  package func images(
    of split: String, kind: ExampleKind = .images, classes: [String]? = nil,
    owner: ImageFolder.ClassOwner = .model, seed: UInt64 = 0
  ) throws -> ImageFolder {
    let root = withoutEndSlash(dataPath ?? "")
    switch dataSet {
    case _ where valFraction != nil:
      let parts = try divided(kind, seed: seed)
      let images = split == "val" ? parts.validation : parts.training
      guard classes == nil || classes == images.classes else {
        throw DatasetError(path: root, reason: "its classes are not those of the model")
      }
      return images
    case .imageNet:
      if let lists = try lists(of: kind) {
        return try images(of: split, in: lists, classes: classes, owner: owner)
      }
      return try folder(of: split, kind, classes: classes, owner: owner)
    case .cifar, .cifar10, .cifar100:
      do {
        return try folder(of: split, kind, classes: classes, owner: owner)
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

  private func folder(
    of split: String, _ kind: ExampleKind, classes: [String]?, owner: ImageFolder.ClassOwner
  ) throws -> ImageFolder {
    let folders = try SplitFolders(self, of: kind)
    let place = try folders.place(of: split, classes: classes)
    do {
      return try ImageFolder(
        root: folders.root, split: place.path, kind: kind, classes: classes, of: owner,
        excluding: place.excluded
      ).noting(place.notes)
    } catch let error as DatasetError where place.isGuess && split == "val" {
      throw DatasetError(path: error.path, reason: error.reason + SplitFolders.adviceOnGuess)
    }
  }

  /// The images of training, or all in the data path, in two parts.
  fileprivate func divided(
    _ kind: ExampleKind, seed: UInt64
  ) throws -> (training: ImageFolder, validation: ImageFolder) {
    if let lists = try lists(of: kind) {
      return try whole(of: lists).divided(validation: valFraction ?? 0, seed: seed)
    }
    let folders = try SplitFolders(self, of: kind)
    let place = try folders.whole()
    return try ImageFolder(
      root: folders.root, split: place.path, kind: kind, classes: nil, of: .training
    ).noting(place.notes).divided(validation: valFraction ?? 0, seed: seed)
  }
}

/// What `convit train` would do with a folder: found as it finds it, by `TrainingData`.
package struct TrainingPreview: Sendable, Encodable {
  /// The folders that it would train and validate on; nil if it would not begin.
  package let train, val: Split?
  package let classes: Int?
  package let notes: [String]
  package let error: String?

  package struct Split: Sendable, Encodable {
    /// The folder that has those of the classes.
    package let folder: String
    /// The number of images, whether they can be read or not.
    package let images: Int
    private let listed: Set<String>?  // their files, where they are not all of a folder

    private enum CodingKeys: CodingKey { case folder, images }

    init(_ images: ImageFolder, isListed: Bool) {
      (folder, self.images) = (images.folder, images.samples.count)
      listed = isListed ? Set(images.samples.map(\.path)) : nil
    }

    /// Whether a file is one of the images, a frame of one of the clips, or in their folder.
    package func contains(_ path: String) -> Bool {
      listed.map { $0.contains(path) || $0.contains(Files.folder(of: path)) }
        ?? path.hasPrefix(folder + "/")
    }
  }

  /// Looks at the folder that settings name; no image is read.
  package init(_ settings: DataSettings, of kind: ExampleKind = .images, seed: UInt64 = 0) {
    do {
      let data = try TrainingData(settings, of: kind, seed: seed)
      let isListed = settings.namesTable
      train = Split(data.training, isListed: isListed)
      val = Split(data.validation, isListed: isListed)
      (classes, notes, error) = (data.training.classes.count, data.notes, nil)
    } catch {
      (train, val, classes, notes, self.error) = (nil, nil, nil, [], "\(error)")
    }
  }

  /// The paths of both folders within that of the data set, where they are in it.
  package func folders(in root: String) -> [String] {
    let root = withoutEndSlash(root)
    return [train, val].compactMap { $0?.folder }.compactMap { folder in
      folder.hasPrefix(root + "/") ? String(folder.dropFirst(root.count + 1)) : nil
    }
  }
}
