import Files
import Foundation

/// Clips listed in a text file, a line each, as others' tools have them: `path label` (Kinetics,
/// SlowFast) or, of folders of frames, `folder total_frames label` (mmaction2).
///
/// Labels are numbers from 0 on; classes have no names but these. Paths are from a root, or the
/// folder of the list, on. What is between the fields is blanks, so that a path has none.
public struct ClipList: ExampleList {
  private struct Row {
    let line: Int
    let path: String
    let total: Int?
    let label: Int
  }

  package let path: String
  private let root: String
  private let rows: [Row]

  static let mostClasses = 100_000

  /// Reads a list; of the clips, only folders of which it says how many frames they have are
  /// looked at.
  ///
  /// - Parameters:
  ///   - path: The list.
  ///   - root: The folder that its paths are from; nil for the list's own.
  /// - Throws: `DatasetError` that names the line: of a form that is not one of the two, of another
  ///   form than the first line, or of a folder of other than the frames that it says.
  public init(contentsOf path: String, root: String? = nil) throws {
    self.path = path
    self.root = root ?? folder(of: path)
    func error(_ line: Int, _ reason: String) -> DatasetError {
      DatasetError(path: path, reason: "line \(line): \(reason)")
    }
    guard let text = String(validating: try fileContents(path), as: UTF8.self) else {
      throw DatasetError(path: path, reason: "not UTF-8, as a list of clips is")
    }
    var rows: [Row] = []
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      let fields = line.split(whereSeparator: \.isWhitespace)
      if fields.isEmpty { continue }
      let number = index + 1
      guard (2...3).contains(fields.count), let label = Int(fields[fields.count - 1]),
        let total = fields.count == 2 ? -1 : Int(fields[1])
      else {
        throw error(
          number, "expected `path label` or `folder frames label`, and no blanks in a path")
      }
      guard (0..<Self.mostClasses).contains(label) else {
        throw error(number, "the label \(label) is not in 0 to \(Self.mostClasses - 1)")
      }
      rows.append(
        Row(
          line: number, path: String(fields[0]), total: fields.count == 2 ? nil : total,
          label: label))
      guard (rows[0].total == nil) == (fields.count == 2) else {
        throw error(number, "\(fields.count) fields, the first line has \(5 - fields.count)")
      }
    }
    self.rows = rows
    guard let first = rows.first else { throw DatasetError(path: path, reason: "no clips in it") }
    guard FileManager.default.fileExists(atPath: file(of: first)) else {
      throw error(
        first.line, "no such file or folder: \(first.path) (paths are from \(self.root) on)")
    }
    for row in rows {
      guard let total = row.total else { continue }
      let folder = file(of: row)
      let found = try FrameFolder.frames(of: DirectoryListing(path: folder), in: folder).count
      guard found == total else {
        throw error(row.line, "\(row.path) has \(found) images, the list says \(total)")
      }
    }
  }

  private func file(of row: Row) -> String {
    row.path.hasPrefix("/") ? row.path : root == "/" ? "/\(row.path)" : "\(root)/\(row.path)"
  }

  /// The clips, in the order of the lines.
  ///
  /// - Parameter classes: The classes of the training list, when this is another one: a label
  ///   beyond them is an error. Nil is for as many as the greatest label asks for.
  public func clips(classes: [String]? = nil) throws -> ImageFolder {
    try images(of: nil, classes: classes, owner: .training)
  }

  /// None: what clips are for is told by lists of their own.
  package var splits: [String] { [] }

  package func images(
    of split: String?, classes: [String]?, owner: ImageFolder.ClassOwner
  ) throws -> ImageFolder {
    let most = rows.map(\.label).max() ?? 0
    let known = classes ?? (0...most).map(String.init)
    if let row = rows.first(where: { $0.label >= known.count }) {
      throw DatasetError(
        path: path,
        reason: "line \(row.line): the label \(row.label) is not in \(owner.rawValue), which are "
          + "0 to \(known.count - 1)")
    }
    let present = Set(rows.map(\.label))
    let missing = known.indices.filter { !present.contains($0) }.map { known[$0] }
    let samples = rows.enumerated().map { index, row in
      Example(path: file(of: row), label: row.label, index: index)
    }
    return ImageFolder(
      root: root, split: String(path.split(separator: "/").last ?? ""), classes: known,
      samples: samples,
      warnings: missing.isEmpty
        ? [] : ["\(path): no clip of \(counted(missing)): \(ClassNames.listed(missing))"],
      kind: .clips)
  }

  /// With labels as names.
  package var entries: [(file: String, split: String?, label: String)] {
    rows.map { (file(of: $0), nil, String($0.label)) }
  }
}
