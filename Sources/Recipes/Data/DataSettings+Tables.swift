import Files
import Foundation
import Images
import Training

// Examples that files list: `data-path` is such a file, and `val-path` may be another. CSV files
// list images or clips; the text files of others' tools, clips.
extension DataSettings {
  var namesTable: Bool { dataPath.map(Self.isTable) ?? false }

  static func isTable(_ path: String) -> Bool {
    [".csv", ".txt"].contains { path.lowercased().hasSuffix($0) }
  }

  /// The tables of images, that of `data-path` first; nil if it is a folder.
  package func tables(withLabels: Bool = true) throws -> [ImageTable]? {
    try listedPaths?.map { path in
      guard path.lowercased().hasSuffix(".csv") else {
        throw DatasetError(
          path: path,
          reason: "a text file lists clips, which models of images do not take; images are listed "
            + "in a .csv file with the columns path and label")
      }
      return try ImageTable(contentsOf: path, withLabels: withLabels)
    }
  }

  /// The lists of images or clips; nil if `data-path` is a folder.
  package func lists(of kind: ExampleKind) throws -> [any ExampleList]? {
    guard kind == .clips else { return try tables() }
    return try listedPaths?.map { path in
      if try Self.hasColumns(path) { return try ImageTable(contentsOf: path, of: .clips) }
      return try ClipList(contentsOf: path)
    }
  }

  private var listedPaths: [String]? {
    var isFolder: ObjCBool = false
    guard namesTable, let dataPath,
      !FileManager.default.fileExists(atPath: dataPath, isDirectory: &isFolder)
        || !isFolder.boolValue
    else { return nil }
    return [dataPath, valPath].compactMap(\.self)
  }

  /// Whether the first line of a file names columns, or is `path label` already, as in SlowFast's
  /// files of the same ending.
  private static func hasColumns(_ path: String) throws -> Bool {
    let head = try RegularFile(reading: path, expected: "a list of clips")
    let line = try head.bytes(at: 0, count: min(4096, head.size)).prefix { $0 != 0x0A }
    return line.contains(UInt8(ascii: ","))
  }

  /// The images of a split in tables: those of `val-path` for `val`, else rows of `data-path` by
  /// its column `split`. Without the column, all of them where a model is looked at.
  func images(
    of split: String, in tables: [any ExampleList], classes: [String]?,
    owner: ImageFolder.ClassOwner
  ) throws -> ImageFolder {
    if split == "val", tables.count > 1 {
      return try tables[1].images(of: nil, classes: classes, owner: owner)
    }
    let table = tables[0]
    let told = split == "train" ? trainSplit : split == "val" ? valSplit : nil
    guard told == nil || !table.splits.isEmpty else {
      throw DatasetError(
        path: table.path, reason: "it has no splits, one of which \(split)-split names")
    }
    guard !table.splits.isEmpty, split != "." else {
      guard split != "val" || owner == .model else {
        throw DatasetError(
          path: table.path,
          reason: table is ImageTable
            ? "no column split, which says what to validate on; --val-path names another table, "
              + "--val-fraction 0.1 holds out a part of this one"
            : "it does not say what to validate on; --val-path names another list, "
              + "--val-fraction 0.1 holds out a part of this one")
      }
      return try table.images(of: nil, classes: classes, owner: owner)
    }
    let (name, notes) = try Self.name(of: split, in: table, told: told)
    return try table.images(of: name, classes: classes, owner: owner).noting(notes)
  }

  /// The images that are divided: those of training, or all.
  func whole(of tables: [any ExampleList]) throws -> ImageFolder {
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
    of split: String, in table: any ExampleList, told: String?
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
