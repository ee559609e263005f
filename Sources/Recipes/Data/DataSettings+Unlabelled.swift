import Files
import Images

// Images for commands that look at no label.
extension DataSettings {
  /// The images of a split, whatever classes they are of: all that lie in its folder, at any depth,
  /// or that a table lists. Without a folder `val`, all in the data path.
  ///
  /// - Parameter seed: that of the run that held out `valFraction`.
  package func unlabelledImages(of split: String, seed: UInt64) throws -> ImageFolder {
    guard valFraction == nil, ![.iNaturalist2018, .iNaturalist2019].contains(dataSet) else {
      return try images(of: split, seed: seed).withoutLabels  // classes say which images these are
    }
    if let tables = try tables(withLabels: false) {
      return try images(of: split, in: tables, classes: nil, owner: .model).withoutLabels
    }
    let folders = try SplitFolders(self)
    if let place = try folders.found(split) {
      return try ImageFolder(unlabelled: folders.root, split: place.path).noting(place.notes)
    }
    guard split == "val" else {
      throw ImageFolder.missing(split, in: folders.folder)
    }
    let others = folders.folders.filter { SplitRole(folder: $0) != nil }
    let note =
      "\(folders.folder): there is no folder val: all images are taken, also those of "
      + "\(shortened(others)) (--split chooses)"
    return try ImageFolder(unlabelled: folders.root, split: "")
      .noting(others.isEmpty ? [] : [note])
  }
}
