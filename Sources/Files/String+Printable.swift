extension String {
  /// This text on one line: what would move the cursor or reorder the line is written as `\n`,
  /// `\r`, `\t` or `\u{…}`, and what exceeds `limit` scalars is left out.
  package func printable(limit: Int = 80) -> String {
    var line = String.UnicodeScalarView()
    for (count, scalar) in unicodeScalars.enumerated() {
      if count == limit { return String(line) + "…" }
      switch scalar {
      case "\n": line.append(contentsOf: "\\n".unicodeScalars)
      case "\r": line.append(contentsOf: "\\r".unicodeScalars)
      case "\t": line.append(contentsOf: "\\t".unicodeScalars)
      default:
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator:
          line.append(contentsOf: scalar.number.unicodeScalars)
        default: line.append(scalar)
        }
      }
    }
    return String(line)
  }
}

extension Unicode.Scalar {
  /// The scalar by its number: "\u{1b}".
  package var number: String { "\\u{\(String(value, radix: 16))}" }
}
