import Foundation
import Runs
import Training
import Yams

/// The YAML of an experiment, read but not yet understood as configurations.
struct ExperimentFile {
  typealias Settings = [(key: String, value: Node)]

  let title: String
  let base: Settings
  let rows: [(name: String, settings: Settings)]
  let columns: [(name: String, settings: Settings)]
  let seeds: [UInt64]
  let measures: [String]
  let gap: (of: String, over: String)?
  let marks: [(name: String, byRow: [String])]

  private static let keys: Set = [
    "title", "base", "rows", "columns", "seeds", "measures", "gap", "marks", "quick",
  ]

  private static let ownKeys: Set = ["seed", "data-path", "output-dir", "resume"]

  init(contentsOf path: String, quick isQuick: Bool) throws {
    func fail(_ reason: String) -> TrainingError { TrainingError(usage: "\(path): \(reason)") }
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw TrainingError("\(path): cannot read the experiment")
    }
    guard var entries = try YAMLText.root(of: text, from: path).flatMap(Self.settings) else {
      throw fail("expected lines of the form `key: value`")
    }
    func value(_ key: String) -> Node? { entries.first { $0.key == key }?.value }
    if let unknown = entries.first(where: { !Self.keys.contains($0.key) }) {
      throw fail(
        "unknown key '\(unknown.key)'"
          + ForeignNames.answer(to: unknown.key, among: Self.keys.sorted()))
    }
    if isQuick {
      guard let quick = value("quick").flatMap(Self.settings) else {
        throw fail("there is no quick form")
      }
      for (key, new) in quick {
        guard Self.keys.contains(key), key != "quick" else {
          throw fail("unknown key '\(key)' in quick")
        }
        let merged = Self.merged(value(key), new)
        entries.removeAll { $0.key == key }
        entries.append((key, merged))
      }
    }
    func named(_ key: String) throws -> [(name: String, settings: Settings)] {
      let variants = value(key).flatMap(Self.settings)?.map { name, node in
        (name: name, settings: Self.settings(node))
      }
      guard let variants, !variants.isEmpty, variants.allSatisfy({ $0.settings != nil }) else {
        throw fail("\(key) must name variants, each with settings in braces")
      }
      return variants.map { ($0.name, $0.settings ?? []) }
    }
    title = value("title")?.string ?? URL(fileURLWithPath: path).lastPathComponent
    base = value("base").flatMap(Self.settings) ?? []
    rows = try named("rows")
    columns = try named("columns")
    for key in (base + (rows + columns).flatMap(\.settings)).map(\.key) {
      let name = key.replacing("_", with: "-")
      guard !Self.ownKeys.contains(name) else { throw fail("\(name) is the experiment's own") }
    }
    let seeds = value("seeds")?.array().map { $0.int } ?? [0]
    guard !seeds.isEmpty, seeds.allSatisfy({ $0 ?? -1 >= 0 }) else {
      throw fail("seeds must be a list of whole numbers")
    }
    self.seeds = seeds.map { UInt64($0 ?? 0) }
    measures = value("measures")?.array().compactMap(\.string) ?? ["test_acc1"]
    let known = EpochRecord.measures.map(\.key)
    if let unknown = measures.first(where: { !known.contains($0) }) {
      throw fail("measures are \(known.joined(separator: ", ")), found '\(unknown)'")
    }
    gap = try value("gap").map { gap in
      guard let of = gap["of"]?.string, let over = gap["over"]?.string else {
        throw fail("gap must say `of` which column `over` which")
      }
      return (of, over)
    }
    let rowNames = rows.map(\.name)
    marks = try (value("marks").flatMap(Self.settings) ?? []).map { name, node in
      let words = node.array().compactMap(\.string)
      guard words.count == rowNames.count else {
        throw fail("marks '\(name)' has \(words.count) words for \(rowNames.count) rows")
      }
      return (name, words)
    }
  }

  /// The pairs of a mapping, in their order; nothing of an empty node.
  private static func settings(_ node: Node) -> Settings? {
    if node.null != nil { return [] }
    return node.mapping?.map { ($0.key.string ?? "?", $0.value) }
  }

  /// Mappings key by key; anything else is replaced.
  private static func merged(_ old: Node?, _ new: Node) -> Node {
    guard let before = old?.mapping, let after = new.mapping else { return new }
    let given = Set(after.map { $0.key.string })
    return Node(
      before.filter { !given.contains($0.key.string) }.map { ($0.key, $0.value) }
        + after.map { ($0.key, $0.value) })
  }
}
