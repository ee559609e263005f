import Files
import Foundation

/// Images listed in a CSV file: a row each, in columns whose names the first line gives.
///
///     path,label,split
///     photos/1.jpg,cat,train
///     "photos/2, again.jpg",dog,val
///
/// `path` (or `image`, `filename`) is the file, from the folder of the table on; `label` (or
/// `class`) the name of its class; `split`, if it is there, what the image is for. Other columns
/// are passed over, capitals do not matter. Classes are sorted by the bytes of their names, as
/// folders are: 10 comes before 2.
package struct ImageTable: ExampleList {
  struct Row {
    let line: Int
    let path, label: String
    let split: String?
  }

  package let path: String
  /// The names in the column `split`, in the order of their first rows; empty without one.
  package let splits: [String]
  private let rows: [Row]
  /// The folder that paths are relative to.
  private let root: String
  private let kind: ExampleKind

  /// Reads a table; no image is looked at but the first. Without labels the table needs no column
  /// for them, and what is in it is not looked at.
  ///
  /// - Throws: `DatasetError` that names the line and the column.
  package init(
    contentsOf path: String, withLabels: Bool = true, of kind: ExampleKind = .images
  ) throws {
    (self.path, self.kind) = (path, kind)
    root = folder(of: path)
    let records = try CSVRecords.read(path)
    guard let header = records.first else {
      throw DatasetError(path: path, reason: "nothing in it: expected a line of column names")
    }
    let columns = try Columns(header, table: path, withLabels: withLabels)
    rows = try records.dropFirst().map(columns.row)
    guard let first = rows.first else {
      throw DatasetError(path: path, reason: "no \(kind.plural) in it, only the names of columns")
    }
    var seen: Set<[UInt8]> = []
    splits = rows.compactMap(\.split).filter { seen.insert(Array($0.utf8)).inserted }
    guard FileManager.default.fileExists(atPath: file(of: first)) else {
      throw DatasetError(
        path: path,
        reason: "line \(first.line): no such file: \(first.path) (paths are from \(root) on)")
    }
  }

  package var entries: [(file: String, split: String?, label: String)] {
    rows.map { (file(of: $0), $0.split, $0.label) }
  }

  private func file(of row: Row) -> String {
    row.path.hasPrefix("/") ? row.path : root == "/" ? "/\(row.path)" : "\(root)/\(row.path)"
  }

  package func images(
    of split: String? = nil, classes: [String]? = nil,
    owner: ImageFolder.ClassOwner = .training
  ) throws -> ImageFolder {
    let chosen = rows.enumerated().filter { _, row in
      split.map { name in row.split.map { $0.utf8.elementsEqual(name.utf8) } ?? false } ?? true
    }
    guard !chosen.isEmpty else {
      throw DatasetError(
        path: path,
        reason: splits.isEmpty
          ? "no column split" : "no split \(split ?? "") beside \(shortened(splits))")
    }
    let found = ClassNames.labels(chosen.map(\.element.label))
    let names = found.keys.sorted { $0.lexicographicallyPrecedes($1) }
      .map { String(decoding: $0, as: UTF8.self) }
    let known = classes ?? names
    let labels = ClassNames.labels(known)
    let samples = try chosen.map { index, row in
      guard let label = labels[Array(row.label.utf8)] else {
        let suggestion = ClassNames.suggestion(for: [row.label], among: known).map { "; \($0)" }
        throw DatasetError(
          path: path,
          reason: "line \(row.line): class \(ClassNames.shown(row.label)) is not in "
            + owner.rawValue + (suggestion ?? ""))
      }
      return Example(path: file(of: row), label: label, index: index)
    }
    let missing = known.filter { found[Array($0.utf8)] == nil }
    var warnings = ClassNames.lookalikes(names).map { "\(path): \($0)" }
    if !missing.isEmpty {
      warnings.append(
        "\(path): no \(kind.singular) of \(counted(missing)): \(ClassNames.listed(missing))")
    }
    let name = String(path.split(separator: "/").last ?? "")
    return ImageFolder(
      root: root, split: split.map { "\(name), split \($0)" } ?? name, classes: known,
      samples: samples, warnings: warnings, kind: kind)
  }
}

extension ImageTable {
  private struct Columns {
    private typealias Column = (name: String, place: Int)
    private let table: String
    private let count: Int
    private let path: Column
    private let label, split: Column?

    init(
      _ header: CSVRecords.Record, table: String, withLabels: Bool
    ) throws(DatasetError) {
      func error(_ reason: String) -> DatasetError {
        DatasetError(path: table, reason: "line \(header.line): \(reason)")
      }
      let names = header.fields.map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
      func column(_ meanings: [String]) throws(DatasetError) -> Column? {
        let found = names.indices.filter { meanings.contains(names[$0]) }
        guard found.count < 2 else {
          let both = found.map { names[$0] }.joined(separator: " and ")
          throw error("the columns \(both) mean the same")
        }
        return found.first.map { (names[$0], $0) }
      }
      func needed(_ meanings: [String]) throws(DatasetError) -> Column {
        if let found = try column(meanings) { return found }
        throw error(
          "no column \(meanings.joined(separator: " or ")) among \(shortened(header.fields))")
      }
      (self.table, count) = (table, names.count)
      path = try needed(["path", "image", "filename"])
      label = withLabels ? try needed(["label", "class"]) : nil
      split = try column(["split"])
    }

    func row(_ record: CSVRecords.Record) throws(DatasetError) -> Row {
      guard record.fields.count == count else {
        throw DatasetError(
          path: table,
          reason: "line \(record.line): \(counted(record.fields.count, "field", "fields")), "
            + "expected \(count)")
      }
      func value(_ column: Column) throws(DatasetError) -> String {
        let value = record.fields[column.place]
        guard !value.allSatisfy(\.isWhitespace) else {
          throw DatasetError(
            path: table, reason: "line \(record.line), column \(column.name): it is empty")
        }
        return value
      }
      return Row(
        line: record.line, path: try value(path), label: try label.map(value) ?? "",
        split: try split.map(value))
    }
  }
}
