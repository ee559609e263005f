// Images of which the classes do not matter: nothing is asked of the names of folders.
extension ImageFolder {
  /// All images in a folder and in the folders in it, at any depth: without classes, with 0 for
  /// each label. Sorted by the folder they are in, then by name.
  ///
  /// - Parameters:
  ///   - root: The folder of the data set.
  ///   - split: The folder in it; empty for all of it.
  /// - Throws: `DatasetError` for a folder that is missing, cannot be read or has no images.
  package init(unlabelled root: String, split: String) throws {
    let folder = split.isEmpty ? root : "\(root)/\(split)"
    let tree = try ImageTree(folder)
    guard !tree.images.isEmpty else {
      let others =
        tree.others.isEmpty ? "" : "; files that are not read: \(ImageNames.listed(tree.others))"
      throw DatasetError(
        path: folder, reason: "no \(ImageFormat.readNames) images in it" + others)
    }
    let samples = tree.images.enumerated().map { index, path in
      Example(path: "\(folder)/\(path)", label: 0, index: index)
    }
    self.init(root: root, split: split, classes: [], samples: samples, warnings: [])
  }

  /// The same images without classes, with 0 for each label.
  package var withoutLabels: ImageFolder {
    ImageFolder(
      root: root, split: split, classes: [],
      samples: samples.map { Example(path: $0.path, label: 0, index: $0.index) },
      warnings: warnings)
  }
}
