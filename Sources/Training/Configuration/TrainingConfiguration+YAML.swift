import Foundation
import Images
import Yams

extension TrainingConfiguration {
  /// The configuration of a YAML file: what it does not mention is as in `base`.
  ///
  /// Keys are the flags without dashes in front; underscores are as good as dashes, and
  /// `no-shuffle: true` as good as `shuffle: false`.
  ///
  /// - Throws: `TrainingError` that names the file and the key.
  public init(
    contentsOf path: String, over base: TrainingConfiguration = TrainingConfiguration()
  ) throws {
    let bytes: [UInt8]
    do {
      bytes = try ImageFile.bytes(of: path, maxBytes: 1 << 20)
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
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch {
      throw TrainingError(
        usage: "\(path): not YAML: \("\(error)".split(separator: "\n").first ?? "")")
    }
    guard let pairs = root?.mapping else {
      throw TrainingError(usage: "\(path): expected lines of the form `key: value`")
    }
    try self.init(settings: pairs.map { ($0.key.string ?? "?", $0.value) }, of: path, over: base)
  }

  /// The base with settings from the file at `path` in place of its own.
  init(
    settings: [(key: String, value: Node)], of path: String, over base: TrainingConfiguration
  ) throws {
    var values: [(Node, Node)] = []
    for (key, value) in settings {
      let (name, isNegated) = Self.key(key)
      guard let name, !isNegated || value.bool != nil else {
        throw TrainingError(usage: "\(path): unknown key '\(key)'")
      }
      guard !values.contains(where: { $0.0.string == name }) else {
        throw TrainingError(usage: "\(path): '\(name)' is there twice")
      }
      values.append((Node(name), isNegated ? Node(value.bool == true ? "false" : "true") : value))
    }
    // The base with the file's values in their place.
    let defaults = try Yams.compose(yaml: base.yaml())
    let given = Set(values.compactMap(\.0.string))
    let kept = (defaults?.mapping ?? [:]).filter { !given.contains($0.key.string ?? "") }
    do {
      self = try YAMLDecoder().decode(
        TrainingConfiguration.self, from: Node(kept.map { ($0.key, $0.value) } + values))
    } catch let error as DecodingError {
      throw TrainingError(usage: "\(path): \(describe(error, values))")
    }
  }

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
  public func yaml() throws -> String {
    let text = try YAMLEncoder().encode(self)
    // YAML's encoder writes 0.1 as 1.00000001490116e-1; JSON, which is YAML too, as 0.1.
    let json = try Yams.compose(yaml: String(decoding: JSONEncoder().encode(self), as: UTF8.self))
    let pairs = (try Yams.compose(yaml: text)?.mapping ?? [:]).map { key, value in
      let exact = json?[key.string ?? ""]
      return (key, exact?.scalar?.style == .doubleQuoted ? value : exact ?? value)
    }
    return try Yams.serialize(node: Node(pairs))
  }
}

/// "'batch-size': expected int, found 'many'"
private func describe(_ error: DecodingError, _ values: [(Node, Node)]) -> String {
  let (context, type): (DecodingError.Context, Any.Type?)
  switch error {
  case .typeMismatch(let t, let c), .valueNotFound(let t, let c): (context, type) = (c, t)
  case .keyNotFound(_, let c), .dataCorrupted(let c): (context, type) = (c, nil)
  @unknown default: return "\(error)"
  }
  let key = context.codingPath.first?.stringValue ?? ""
  guard let type, let value = values.first(where: { $0.0.string == key })?.1 else {
    // Of an enumeration's value the decoder says "Cannot initialize Precision from invalid String
    // value fp16", a type's name that nobody wrote.
    let parts = context.debugDescription.components(separatedBy: " from invalid String value ")
    return parts.count == 2
      ? "'\(key)': '\(parts[1])' is none of its values; convit train --help lists them"
      : "'\(key)': \(context.debugDescription)"
  }
  let words = [
    "Int": "int", "UInt64": "int", "Float": "number", "Double": "number", "Bool": "true or false",
    "String": "text", "Sequence": "a list", "Scalar": "one value",
  ]
  let expected = words["\(type)", default: "\(type)"]
  let found = value.scalar.map { "'\($0.string)'" } ?? (value.sequence == nil ? "keys" : "a list")
  let isInside = context.codingPath.count > 1
  return "'\(key)': expected \(isInside ? "a list of " : "")\(expected), found \(found)"
}
