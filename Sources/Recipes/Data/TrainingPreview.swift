import Files
import Images

/// What `convit train` would do with a folder: found as it finds it, by `TrainingData`.
package struct TrainingPreview: Sendable, Encodable {
  /// The folder it would train on, and its images; nil if it would not begin.
  package let train: Split?
  /// The folder it would validate on, and its images; nil if it would not begin.
  package let val: Split?
  /// How many classes there are; nil if it would not begin.
  package let classes: Int?
  /// What it would say about the folder.
  package let notes: [String]
  /// Why it would not begin.
  package let error: String?

  /// A folder and the images of it.
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

    /// Whether a file is one of the images, or in their folder.
    package func contains(_ path: String) -> Bool {
      listed?.contains(path) ?? path.hasPrefix(folder + "/")
    }
  }

  /// Looks at the folder that settings name; no image is read.
  package init(_ settings: DataSettings, seed: UInt64 = 0) {
    do {
      let data = try TrainingData(settings, seed: seed)
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
