/// Why an image cannot be read or written, in one line: "path: reason".
public struct ImageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file, or the name given for bytes from elsewhere.
  public let path: String
  /// What was expected and what was found.
  public let reason: String

  /// An error about `path`.
  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  /// What is added to the text of an error that did not keep the image from being read.
  package static let readAllTheSame = " (read all the same: no pixel is missing)"

  /// Whether it is a JPEG with missing pixels, which a decoder with `isLenient` makes up.
  package var isOfDamagedJPEG: Bool { reason.hasPrefix("damaged ") && reason.contains("JPEG: ") }

  /// "path: reason", with control characters escaped: file names may hold newlines.
  public var description: String {
    Self.escaped(path) + ": " + Self.escaped(reason)
  }

  /// A text in one line: control and direction characters are escaped.
  public static func escaped(_ text: String) -> String {
    var line = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": line += "\\n"
      case "\r": line += "\\r"
      case "\t": line += "\\t"
      default:
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator:
          line += "\\u{" + String(scalar.value, radix: 16) + "}"
        default:
          line.unicodeScalars.append(scalar)
        }
      }
    }
    return line
  }
}
