/// Tables of values with commas between them (RFC 4180), whose lines end as Unix has it.
package enum CSV {
  package static func cell(_ text: String) -> String {
    "\"" + text.replacing("\"", with: "\"\"") + "\""
  }

  /// A number as a cell, which is empty where there is none.
  package static func cell(_ number: Double?) -> String { number.map { "\($0)" } ?? "" }

  package static func table(_ rows: [[String]]) -> String {
    rows.map { $0.joined(separator: ",") + "\n" }.joined()
  }
}
