import Files
import Foundation
import Images
import Training

// Images that CSV files list: `data-path` is such a file, and `val-path` may be another.
extension DataSettings {
  var namesTable: Bool { dataPath.map(Self.isTable) ?? false }

  static func isTable(_ path: String) -> Bool { path.lowercased().hasSuffix(".csv") }

  /// The tables of images, that of `data-path` first; nil if it is a folder.
  package func tables(withLabels: Bool = true) throws -> [ImageTable]? {
    var isFolder: ObjCBool = false
    guard namesTable, let dataPath,
      !FileManager.default.fileExists(atPath: dataPath, isDirectory: &isFolder)
        || !isFolder.boolValue
    else { return nil }
    return try [dataPath, valPath].compactMap(\.self).map {
      try ImageTable(contentsOf: $0, withLabels: withLabels)
    }
  }

  /// The images of a split in tables: those of `val-path` for `val`, else rows of `data-path` by
  /// its column `split`. Without the column, all of them where a model is looked at.
  func images(
    of split: String, in tables: [ImageTable], classes: [String]?, owner: ImageFolder.ClassOwner
  ) throws -> ImageFolder {
    if split == "val", tables.count > 1 {
      return try tables[1].images(classes: classes, owner: owner)
    }
    let table = tables[0]
    guard !table.splits.isEmpty, split != "." else {
      guard split != "val" || owner == .model else {
        throw DatasetError(
          path: table.path,
          reason: "no column split, which says what to validate on; --val-path names another "
            + "table, --val-fraction 0.1 holds out a part of this one")
      }
      return try table.images(classes: classes, owner: owner)
    }
    let told = split == "train" ? trainSplit : split == "val" ? valSplit : nil
    let (name, notes) = try Self.name(of: split, in: table, told: told)
    return try table.images(of: name, classes: classes, owner: owner).noting(notes)
  }

  /// The images that are divided: those of training, or all.
  func whole(of tables: [ImageTable]) throws -> ImageFolder {
    let table = tables[0]
    guard tables.count == 1, !table.splits.contains("val") else {
      throw TrainingError(
        usage: "val-fraction is for data without images to validate on, and "
          + (tables.count > 1 ? "there is val-path" : "\(table.path) has a split val"))
    }
    return try images(of: "train", in: tables, classes: nil, owner: .training)
  }

  /// What a table calls a split: as settings say, so, or by a name that says the same.
  private static func name(
    of split: String, in table: ImageTable, told: String?
  ) throws -> (name: String, notes: [String]) {
    if let told { return (told, []) }
    if table.splits.contains(split) { return (split, []) }
    for role in SplitRole(rawValue: split)?.substitutes ?? [] {
      let found = table.splits.filter { SplitRole(folder: $0) == role }
      let only = try SplitFolders.only(of: found, for: split, "split", in: table.path)
      if let (name, note) = only { return (name, [note]) }
    }
    return (split, [])
  }
}
