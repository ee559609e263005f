import Files
import Foundation
import Images
import Training

/// Which folders of a data set are for what: `train` and `val`, else those whose names say the same
/// (`Training`, `valid`, `test_set`), or those that settings name.
struct SplitFolders {
  /// The folder of a split.
  struct Place {
    /// The path to it from the data set's folder; empty for that folder itself.
    var path: String
    var notes: [String] = []
    /// The folders directly in it that are no classes, as they are of another split.
    var excluded: [String] = []
    /// Whether only its name says what it is for.
    var isGuess = false
  }

  let root: String
  /// Where in it the folders of splits are: "", or "archive/" if there is nothing else.
  let base: String
  let folders: [String]
  private let told: [String: String]  // by split
  private let kind: ExampleKind

  init(_ settings: DataSettings, of kind: ExampleKind = .images) throws {
    self.kind = kind
    root = withoutEndSlash(settings.dataPath ?? "")
    told = ["train": settings.trainSplit, "val": settings.valSplit].compactMapValues { $0 }
      .mapValues(withoutEndSlash)
    (base, folders) = try Self.base(in: root)
  }

  func place(of split: String, classes: [String]? = nil) throws -> Place {
    guard let place = try found(split) else {
      let error = ImageFolder.missing(split, in: folder, of: kind)
      throw DatasetError(path: error.path, reason: error.reason + advice(onMissing: split, classes))
    }
    return try withClasses(place, known: classes)
  }

  /// The folder of a split, whatever lies in it; nil if there is none.
  func found(_ split: String) throws -> Place? {
    try named(split) ?? exact(split) ?? alike(split)
  }

  /// The folders directly in that of a split which settings name for another one.
  private func excluded(from path: String) -> [String] {
    let parent = path.isEmpty ? "" : path + "/"
    return told.values.flatMap { [$0, base + $0, inside($0)] }.compactMap { other in
      guard other.hasPrefix(parent) else { return nil }
      let name = String(other.dropFirst(parent.count))
      return name.isEmpty || name.contains("/") ? nil : name
    }
  }

  /// The folder whose images are to be divided: that of training, or that of the data set.
  func whole() throws -> Place {
    guard !folders.contains("val") else {
      throw TrainingError(usage: "val-fraction is for data without val/, and \(folder) has one")
    }
    guard var place = try named("train") ?? trainingAmongSplits() else {
      return try withClasses(Place(path: String(base.dropLast()), notes: baseNotes), known: nil)
    }
    let others = folders.filter { [.val, .test].contains(SplitRole(folder: $0)) }
    if !others.isEmpty {
      place.notes.append(
        "\(folder): val-fraction holds out a part of \(place.path), and nothing is read from "
          + others.joined(separator: ", "))
    }
    return try withClasses(place, known: nil)
  }

  var folder: String { base.isEmpty ? root : "\(root)/\(base.dropLast())" }

  /// The folder in a data set's that has those of the splits: the only one, if it has `train`.
  private static func base(in root: String) throws -> (String, [String]) {
    let top = try ImageFolder.folders(in: root)
    var (base, folders) = ("", top)
    for _ in 0..<3 {
      guard folders.count == 1, SplitRole(folder: folders[0]) == nil else { break }
      base += folders[0] + "/"
      folders = try ImageFolder.folders(in: root + "/" + base)
      if folders.contains(where: {
        SplitRole(folder: $0) == .train && hasFolders("\(root)/\(base)\($0)")
      }) {
        return (base, folders)
      }
    }
    return ("", top)
  }

  private var baseNotes: [String] {
    base.isEmpty
      ? [] : ["\(root): all there is lies in \(base.dropLast()), and is taken from there"]
  }

  private func named(_ split: String) throws -> Place? {
    guard let name = told[split] else { return nil }
    for path in [name, base + name, inside(name)] where isFolder("\(root)/\(path)") {
      return Place(path: path)
    }
    throw DatasetError(
      path: folder,
      reason: "no folder \(name), which \(split)-split names, beside \(shortened(folders))")
  }

  /// A path within the data set's folder; a shell completes names from where it is.
  private func inside(_ name: String) -> String {
    name.hasPrefix(root + "/") ? String(name.dropFirst(root.count + 1)) : name
  }

  private func exact(_ split: String) -> Place? {
    if split == "." { return Place(path: "") }
    if isFolder("\(folder)/\(split)") {
      return Place(path: base + split, notes: baseNotes + notes(on: split, beside: split))
    }
    return isFolder("\(root)/\(split)") ? Place(path: split) : nil
  }

  /// What to say of folders of classes whose names say the same as that of `name`.
  private func notes(on split: String, beside name: String) -> [String] {
    guard let role = SplitRole(rawValue: name) else { return [] }
    let others = candidates(role).filter { $0 != name }
    return others.isEmpty
      ? []
      : [
        "\(folder): there is a folder \(name), so nothing is read from \(shortened(others)) "
          + "(\(Self.flag(split)) chooses another)"
      ]
  }

  /// The folders of classes whose names say what they are for, and that settings do not name.
  private func candidates(_ role: SplitRole) -> [String] {
    folders.filter { name in
      SplitRole(folder: name) == role && !told.values.contains { $0 == name || $0 == base + name }
        && Self.hasFolders("\(folder)/\(name)")
    }
  }

  private static func flag(_ split: String) -> String {
    split == "test" ? "--split" : "--\(split)-split"
  }

  private func alike(_ split: String) throws -> Place? {
    for role in SplitRole(rawValue: split)?.substitutes ?? [] {
      var found = candidates(role)
      let notes = found.contains(role.rawValue) ? notes(on: split, beside: role.rawValue) : []
      if found.contains(role.rawValue) { found = [role.rawValue] }
      if let (name, note) = try Self.only(of: found, for: split, "folder", in: folder) {
        return Place(path: base + name, notes: baseNotes + [note] + notes, isGuess: true)
      }
    }
    return nil
  }

  /// The one name that is used instead of a folder or split, and a note; nil if there is none.
  static func only(
    of found: [String], for split: String, _ kind: String, in path: String
  ) throws -> (name: String, note: String)? {
    guard found.count < 2 else {
      throw DatasetError(
        path: path,
        reason: "no \(kind) \(split), and it may be any of \(shortened(found)): \(flag(split)) "
          + "NAME says which")
    }
    return found.first.map {
      let note = "there is no \(kind) \(split): \($0) is used instead"
      return ($0, "\(path): \(note) (\(flag(split)) chooses another)")
    }
  }

  /// The folder of training, if these are splits: of vehicles, a class may be called train.
  private func trainingAmongSplits() throws -> Place? {
    guard let place = exact("train") else {
      let areSplits =
        folders.allSatisfy { SplitRole(folder: $0) != nil }
        || folders.contains {
          [.val, .test].contains(SplitRole(folder: $0)) && Self.hasFolders("\(folder)/\($0)")
        }
      return areSplits ? try alike("train") : nil
    }
    return folders.count == 1 || Self.hasFolders("\(root)/\(place.path)") ? place : nil
  }

  /// The place itself or, if it holds one folder alone and this holds those of the classes, as
  /// `train/images/<class>` does, that folder.
  private func withClasses(_ place: Place, known: [String]?) throws -> Place {
    var (path, inner) = (place.path, try ImageFolder.folders(in: path(place.path)))
    for _ in 0..<3 where inner.count == 1 && known?.contains(inner[0]) != true {
      let only = path.isEmpty ? inner[0] : "\(path)/\(inner[0])"
      guard try !ImageFolder.hasExamples(kind, directlyIn: self.path(only)) else { break }
      (path, inner) = (only, try ImageFolder.folders(in: self.path(only)))
    }
    let areClasses = known.map { !Set($0).isDisjoint(with: inner) } ?? (inner.count > 1)
    var result = place
    result.excluded = excluded(from: place.path)
    guard path != place.path, areClasses else { return result }
    result.path = path
    result.excluded = excluded(from: path)
    let skipped = path.dropFirst(place.path.isEmpty ? 0 : place.path.utf8.count + 1)
    result.notes.append(
      "\(self.path(place.path)): holds only the folder \(skipped), whose folders are taken for the "
        + "classes: \(shortened(inner))")
    return result
  }

  private func path(_ path: String) -> String { path.isEmpty ? root : "\(root)/\(path)" }
}

// What there is, and what to do about what there is not.
extension SplitFolders {
  /// What helps when a folder that was only guessed is none of the split.
  static let adviceOnGuess =
    "; --val-split NAME takes another folder, --val-fraction 0.1 a part of the training images"

  private func advice(onMissing split: String, _ classes: [String]?) -> String {
    if let classes, !Set(classes).isDisjoint(with: folders) {
      return "; these are folders of classes, which --split . takes as they are"
    }
    switch split {
    case "train":
      if folders.isEmpty { return "" }
      // NSString's deletingLastPathComponent traps for a path of one character.
      let parts = root.split(separator: "/")
      let above = (root.hasPrefix("/") ? "/" : "") + parts.dropLast().joined(separator: "/")
      let parent = above.isEmpty ? "." : above
      if SplitRole(folder: String(parts.last ?? "")) != nil, Self.hasTraining(parent) {
        return "; the folders of splits are in \(parent): --data-path \(parent)"
      }
      if let name = folders.first(where: { Self.hasTraining("\(folder)/\($0)") }) {
        return "; those of splits are in \(folder)/\(name): --data-path \(folder)/\(name)"
      }
      return "; if they are classes, --val-fraction 0.1 trains on them and holds out a part to "
        + "validate on; if one of them is to be trained on, --train-split NAME says which"
    case "val":
      let flat = folders.filter { [.val, .test].contains(SplitRole(folder: $0)) }
      let reason =
        flat.isEmpty ? "" : " (\(shortened(flat)) without folders of classes is not taken)"
      let inside = folders.filter { SplitRole(folder: $0) == .train }.flatMap { train in
        ((try? ImageFolder.folders(in: "\(folder)/\(train)")) ?? []).filter { name in
          [.val, .test].contains(SplitRole(folder: name))
            && Self.hasFolders("\(folder)/\(train)/\(name)")
        }.map { "\(base)\(train)/\($0)" }
      }
      let other =
        inside.first.map { ", --val-split \($0) takes what is there" }
        ?? (folders.count > 1 ? ", --val-split NAME takes another folder" : "")
      return "\(reason); --val-fraction 0.1 holds out a part of the training images to validate on"
        + other
    default: return ""
    }
  }

  private static func hasTraining(_ path: String) -> Bool {
    let folders = (try? ImageFolder.folders(in: path)) ?? []
    return folders.contains { SplitRole(folder: $0) == .train && hasFolders("\(path)/\($0)") }
  }

  private static func hasFolders(_ path: String) -> Bool {
    (try? ImageFolder.folders(in: path))?.isEmpty == false
  }

  private func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }
}
