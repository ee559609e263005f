import Files
import Training
import Yams

/// What is wrong with YAML, and where.
enum YAMLText {
  /// The root of a text; nil if there is nothing in it.
  static func root(of text: String, from path: String) throws(TrainingError) -> Node? {
    // A byte-order mark would count as a column, in which the first key then is not.
    let scalars = text.unicodeScalars
    let text = scalars.first == "\u{FEFF}" ? String(scalars.dropFirst()) : text
    do {
      return try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw TrainingError(usage: description(of: error, in: text, from: path))
    } catch {
      throw TrainingError(usage: "\(path): not YAML")
    }
  }

  /// The text of a file, which messages call `what`: "the config".
  static func contents(of path: String, as what: String) throws(TrainingError) -> String {
    let bytes: [UInt8]
    do {
      bytes = try RegularFile.contents(of: path, maxBytes: 1 << 20)
    } catch {
      throw TrainingError("\(path): cannot read \(what): \(error.reason)")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw TrainingError("\(path): cannot read \(what): not UTF-8")
    }
    return text
  }

  /// "F.yaml, line 3", if it is known.
  static func place(_ node: Node, in path: String) -> String {
    node.mark.map { "\(path), line \($0.line)" } ?? path
  }

  private static func description(
    of error: YamlError, in text: String, from path: String
  ) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    switch error {
    case .scanner(let context, let problem, let mark, _),
      .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let line = lines.indices.contains(mark.line - 1) ? lines[mark.line - 1] : ""
      let start = context.map { ", begun in line \($0.mark.line)" } ?? ""
      let place =
        path
        + (mark.line > lines.count
          ? ", at its end: not YAML: "
          : ", line \(mark.line), column \(mark.column): not YAML: ")
      if line.prefix(while: { " \t".contains($0) }).contains("\t") {
        return place + "lines are indented with spaces, not with tabs"
      }
      if problem.hasPrefix("mapping values are not allowed") {
        return place + "a second colon, or a line indented further than the one before it"
      }
      return place + problem + start
    case .duplicatedKeysInMapping(let keys, _):
      let key = keys.first ?? ""
      let places = lines.indices.filter { isKey(key, lines[$0]) }.map { "\($0 + 1)" }
      return "\(path): '\(key)' is there twice"
        + (places.count > 1 ? ", in lines " + places.joined(separator: " and ") : "")
    default:
      return "\(path): not YAML: \("\(error)".split(separator: "\n").first ?? "")"
    }
  }

  private static func isKey(_ key: String, _ line: Substring) -> Bool {
    let name = line.prefix { $0 != ":" }
    return name.count < line.count && name.filter { !" \"'".contains($0) } == key
  }

  /// A value of the wrong type: "F.yaml, line 2: 'batch-size': expected int, found 'many'".
  static func description(
    of error: DecodingError, _ values: [String: Node], in path: String
  ) -> String {
    let (context, type): (DecodingError.Context, Any.Type?)
    switch error {
    case .typeMismatch(let t, let c), .valueNotFound(let t, let c): (context, type) = (c, t)
    case .keyNotFound(_, let c), .dataCorrupted(let c): (context, type) = (c, nil)
    @unknown default: return "\(path): \(error)"
    }
    let key = context.codingPath.first?.stringValue.kebabCase ?? ""
    let value = values[key]
    let place = (value.map { self.place($0, in: path) } ?? path) + ": '\(key)'"
    let found = value?.scalar.map { "'\($0.string)'" }
    guard let type, let value else {
      if let choices = choices(of: key) {
        return "\(place): expected one of \(choices.joined(separator: ", ")), found "
          + (found ?? "a list")
      }
      return "\(place): \(context.debugDescription)"
    }
    let words = [
      "Int": "int", "UInt64": "int", "Float": "number", "Double": "number",
      "Bool": "true or false", "String": "text", "Sequence": "a list", "Scalar": "one value",
    ]
    let expected = words["\(type)", default: "\(type)"]
    let isInside = context.codingPath.count > 1
    return "\(place): expected \(isInside ? "a list of " : "")\(expected), found "
      + (found ?? (value.sequence == nil ? "keys" : "a list"))
  }

  /// The values that a key can have, where they are names.
  private static func choices(of key: String) -> [String]? {
    func names<Value: CaseIterable>(_: Value) -> [String] {
      Value.allCases.compactMap { ($0 as? any RawRepresentable<String>)?.rawValue }
    }
    let value = TrainingConfiguration().values.first { $0.key == key }?.value
    return (value as? any CaseIterable).map { names($0) }
  }
}
