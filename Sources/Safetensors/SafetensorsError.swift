import Foundation

/// Why a safetensors file was not read or written.
public struct SafetensorsError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// The tensor, where it is about one.
  public let tensor: String?
  /// What was expected and what was found.
  public let reason: String

  /// An error about a file, or about one tensor of it.
  public init(path: String, tensor: String? = nil, reason: String) {
    self.path = path
    self.tensor = tensor
    self.reason = reason
  }

  /// `path: tensor 'x': reason`, on one line whatever the file contains.
  public var description: String {
    let subject = tensor.map { " tensor '\($0.printable())':" } ?? ""
    return "\(path.printable(limit: 4096)):\(subject) \(reason.printable(limit: 4096))"
  }
}

extension SafetensorsError {
  /// An error from the number that the system left in `errno`.
  init(path: String, tensor: String? = nil, action: String, code: Int32) {
    self.init(path: path, tensor: tensor, reason: "\(action): \(String(cString: strerror(code)))")
  }
}

extension String {
  /// This text on one line: what would move the cursor or reorder the line is written as
  /// `\u{…}`, and what exceeds `limit` scalars is left out.
  package func printable(limit: Int = 80) -> String {
    var line = String.UnicodeScalarView()
    for (count, scalar) in unicodeScalars.enumerated() {
      if count == limit { return String(line) + "…" }
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        line.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
      default: line.append(scalar)
      }
    }
    return String(line)
  }
}
