import Files
import Foundation
import Training
import Yams

extension TrainingConfiguration {
  /// The configuration of a YAML file: what it does not mention is as in `base`.
  ///
  /// Keys are the flags without dashes in front; underscores are as good as dashes, and
  /// `no-shuffle: true` as good as `shuffle: false`.
  ///
  /// - Throws: `TrainingError` that names the file and the key.
  package init(
    contentsOf path: String, over base: TrainingConfiguration = TrainingConfiguration()
  ) throws {
    let bytes: [UInt8]
    do {
      bytes = try RegularFile.contents(of: path, maxBytes: 1 << 20)
    } catch {
      throw TrainingError("\(path): cannot read the config: \(error.reason)")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw TrainingError("\(path): cannot read the config: not UTF-8")
    }
    try self.init(yaml: text, of: path, over: base)
  }

  /// The configuration of the YAML that is in the file at `path`.
  init(
    yaml text: String, of path: String, over base: TrainingConfiguration = TrainingConfiguration()
  ) throws {
    guard let pairs = try YAMLText.root(of: text, from: path)?.mapping else {
      throw TrainingError(usage: "\(path): expected lines of the form `key: value`")
    }
    try self.init(settings: pairs.map { ($0.key.string ?? "?", $0.value) }, of: path, over: base)
  }

  /// The base with settings from the file at `path` in place of its own.
  init(
    settings: [(key: String, value: Node)], of path: String, over base: TrainingConfiguration
  ) throws {
    var values: [(Node, Node)] = []
    var given: Set<String> = []
    let untouched = try Yams.compose(yaml: TrainingConfiguration().yaml())?.mapping ?? [:]
    for (key, value) in settings {
      let (name, isNegated) = Self.key(key)
      let place = YAMLText.place(value, in: path)
      guard let name, !isNegated || value.bool != nil else {
        throw TrainingError(
          usage: "\(place): unknown key '\(key)'" + ForeignNames.answer(to: key, among: Self.keys))
      }
      guard given.insert(name).inserted else {
        throw TrainingError(usage: "\(place): '\(name)' is there twice")
      }
      let isOptional = untouched[name] == nil && name != "aa"
      if value.null != nil || (isOptional && Self.turnsOff(name, value)) {
        // As if nothing had said anything: the default, which for optional values is none.
        if let value = untouched[name] { values.append((Node(name), value)) }
      } else {
        values.append((Node(name), isNegated ? Node(value.bool == true ? "false" : "true") : value))
      }
    }
    // The base with the file's values in their place.
    let defaults = try Yams.compose(yaml: base.yaml())
    let kept = (defaults?.mapping ?? [:]).filter { !given.contains($0.key.string ?? "") }
    do {
      self = try YAMLDecoder().decode(
        TrainingConfiguration.self, from: Node(kept.map { ($0.key, $0.value) } + values))
    } catch let error as DecodingError {
      throw TrainingError(usage: YAMLText.description(of: error, values, in: path))
    }
  }

  /// Whether a value says that something is not to be: `none`, and 0 where that can mean nothing
  /// else.
  private static func turnsOff(_ name: String, _ value: Node) -> Bool {
    value.string == "none" || (offAtZero.contains(name) && value.float == 0)
  }

  /// Numbers of which 0 means never, or not at all.
  private static let offAtZero: Set = [
    "save-every", "save-every-steps", "locality-every", "clip-grad", "val-fraction",
    "early-stop", "time-budget",
  ]

  /// The key that a name in a config stands for, and whether it is its opposite.
  private static func key(_ name: String) -> (String?, isNegated: Bool) {
    var name = name.replacingOccurrences(of: "_", with: "-")
    if name == "embed-dim" { name = "head-dim" }  // as the reference calls it
    if keys.contains(name) { return (name, false) }
    let positive = name.hasPrefix("no-") ? String(name.dropFirst(3)) : ""
    return (keys.contains(positive) ? positive : nil, true)
  }

  /// The configuration as YAML that the initialiser reads back, every number with the fewest
  /// digits that mean it.
  package func yaml() throws -> String {
    let text = try YAMLEncoder().encode(self)
    // YAML's encoder writes 0.1 as 1.00000001490116e-1; JSON, which is YAML too, as 0.1.
    let json = try Yams.compose(yaml: JSON.text(self))
    let pairs = (try Yams.compose(yaml: text)?.mapping ?? [:]).map { key, value in
      let exact = json?[key.string ?? ""]
      return (key, exact?.scalar?.style == .doubleQuoted ? value : exact ?? value)
    }
    return try Yams.serialize(node: Node(pairs))
  }
}
