import Files
import Foundation
import Training
import Yams

extension TrainingConfiguration {
  /// The configuration of a YAML file: what it does not mention is as in `base`.
  ///
  /// Keys are the flags without dashes in front; underscores are as good as dashes, and
  /// `no-shuffle: true` as good as `shuffle: false`.
  package init(
    contentsOf path: String, over base: TrainingConfiguration = TrainingConfiguration()
  ) throws {
    let text = try YAMLText.contents(of: path, as: "the config")
    try self.init(yaml: text, of: path, over: base)
  }

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
    var given: Set<String> = []
    var (nodes, untouched) = (try base.nodes(), try TrainingConfiguration().nodes())
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
        nodes[name] = untouched[name]
      } else {
        nodes[name] = isNegated ? Node(value.bool == true ? "false" : "true") : value
      }
    }
    do {
      self = try YAMLDecoder().decode(
        TrainingConfiguration.self, from: Node(nodes.map { (Node($0.camelCase), $1) }))
    } catch let error as DecodingError {
      throw TrainingError(usage: YAMLText.description(of: error, nodes, in: path))
    }
  }

  /// Whether a value says that something is not to be: `none`, or 0 where that means nothing else.
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

  /// The values that are there by their keys, every number with the fewest digits that mean it.
  private func nodes() throws -> [String: Node] {
    // JSON is YAML, too; YAML's own encoder writes the Float 0.1 as 1.00000001490116e-1.
    let values = try Yams.compose(yaml: SettingsJSON.text(self))?.mapping ?? [:]
    return Dictionary(
      uniqueKeysWithValues: values.map { ($0.key.string?.kebabCase ?? "", $0.value) })
  }

  /// The configuration as YAML that the initialiser reads back.
  package func yaml() throws -> String {
    let nodes = try nodes()
    let pairs = Self.keys.compactMap { key -> (Node, Node)? in
      guard let value = nodes[key] else { return nil }
      // Text without JSON's quotes, where it needs none.
      guard let text = value.scalar, text.style == .doubleQuoted else { return (Node(key), value) }
      return (Node(key), .scalar(text.string.represented()))
    }
    return try Yams.serialize(node: Node(pairs))
  }

  package func differences(
    from old: TrainingConfiguration
  ) throws -> [(key: String, new: String, old: String)] {
    func text(_ node: Node?) -> String {
      guard let node else { return "left out" }
      return (node.sequence.map(Array.init) ?? [node]).compactMap(\.string).joined(separator: " ")
    }
    let (new, old) = (try nodes(), try old.nodes())
    return Self.keys.filter { new[$0] != old[$0] }.map { ($0, text(new[$0]), text(old[$0])) }
  }
}
