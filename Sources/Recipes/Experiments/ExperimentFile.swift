import Foundation
import Runs
import Training
import Yams

/// The YAML of an experiment, read but not yet understood as configurations.
struct ExperimentFile {
  typealias Settings = [(key: String, value: Node)]
  typealias Variant = (name: String, settings: Settings)

  let title: String
  let base: Settings
  let rows, columns: [Variant]
  let seeds: [UInt64]
  let measures: [String]
  let gap: (of: String, over: String)?
  /// The row that the others are compared with.
  let reference: String?
  let marks: [(name: String, byRow: [String])]

  private static let keys: Set = Set(
    [
      "title", "base", "rows", "columns", "seeds", "measures", "gap", "reference", "marks",
    ] + ExperimentPlan.Form.allCases.map(\.rawValue))

  private static let ownKeys: Set = ["seed", "data-path", "output-dir", "resume"]

  init(contentsOf path: String, form: ExperimentPlan.Form?) throws {
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
    if let form {
      guard let changes = value(form.rawValue).flatMap(Self.settings) else {
        throw fail("there is no \(form) form")
      }
      for (key, new) in changes {
        guard Self.keys.contains(key), ExperimentPlan.Form(rawValue: key) == nil else {
          throw fail("unknown key '\(key)' in \(form)")
        }
        let merged = Self.merged(value(key), new)
        entries.removeAll { $0.key == key }
        entries.append((key, merged))
      }
    }
    func named(_ key: String) throws -> [Variant] {
      let axes = value(key).flatMap(Self.axes)
      guard let axes, !axes.isEmpty, axes.allSatisfy({ !$0.isEmpty }) else {
        throw fail(
          "\(key) must name variants, each with settings in braces, or be a list of axes: "
            + "variants, or the values of a key")
      }
      return axes.dropFirst().reduce(axes[0]) { found, axis in
        found.flatMap { one in
          axis.map { ("\(one.name), \($0.name)", one.settings + $0.settings) }
        }
      }
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
    if let fault = measures.lazy.compactMap(RunMeasures.fault).first { throw fail(fault) }
    gap = try value("gap").map { gap in
      guard let of = gap["of"]?.string, let over = gap["over"]?.string else {
        throw fail("gap must say `of` which column `over` which")
      }
      return (of, over)
    }
    let rowNames = rows.map(\.name)
    reference = value("reference")?.string
    if let reference, !rowNames.contains(reference) {
      throw fail(
        "reference is one of the rows, which are \(rowNames.joined(separator: "; ")), found "
          + "'\(reference)'")
    }
    marks = try (value("marks").flatMap(Self.settings) ?? []).map { name, node in
      let words = node.array().compactMap(\.string)
      guard words.count == rowNames.count else {
        throw fail("marks '\(name)' has \(words.count) words for \(rowNames.count) rows")
      }
      return (name, words)
    }
  }

  /// What rows, or columns, are made of: the variants of each axis. A mapping is one axis, a list
  /// has several, of which each is a mapping of variants or the values of one key.
  private static func axes(_ node: Node) -> [[Variant]]? {
    func variants(_ node: Node) -> [Variant]? {
      guard let entries = settings(node) else { return nil }
      if entries.count == 1, let (key, values) = entries.first, let list = values.sequence {
        return list.map { value in ("\(key) \(value.string ?? "?")", [(key, value)]) }
      }
      let variants = entries.map { name, node in (name, settings(node)) }
      guard variants.allSatisfy({ $0.1 != nil }) else { return nil }
      return variants.map { ($0.0, $0.1 ?? []) }
    }
    guard let list = node.sequence else { return variants(node).map { [$0] } }
    let axes = list.map(variants)
    return axes.contains { $0 == nil } ? nil : axes.compactMap(\.self)
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
