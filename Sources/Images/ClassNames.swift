import Files
import Foundation

/// Names of classes that a person would take for the same, though their bytes differ.
package enum ClassNames {
  /// The places of names, by their bytes; of names that are there twice, the last place.
  static func labels(_ names: [String]) -> [[UInt8]: Int] {
    Dictionary(names.enumerated().map { (Array($1.utf8), $0) }, uniquingKeysWith: { $1 })
  }

  /// A note on each group of names that differ only in case, blanks, hyphens or Unicode form, which
  /// shows the difference.
  static func lookalikes(_ names: [String]) -> [String] {
    Dictionary(grouping: names.indices) { folded(names[$0]) }.values
      .filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
      .map { group in
        let names = group.map { names[$0] }
        let isSame = names.contains { name in names.count { $0 == name } > 1 }
        return "classes that differ only in case, blanks, hyphens or Unicode form: "
          + names.map(shown).joined(separator: ", ")
          + (isSame ? " (one of them in another Unicode form)" : "")
      }
  }

  /// "did you mean 'cat', 'dog'?" for names of which others differ only so; nil if there is none.
  static func suggestion(for names: [String], among others: [String]) -> String? {
    let known = Dictionary(others.map { (folded($0), $0) }, uniquingKeysWith: { first, _ in first })
    let near = names.compactMap { name in
      known[folded(name)].map { other in
        let isQuoted = isHidden(name) || isHidden(other)
        return (isQuoted ? "'\(escaped(other))'" : escaped(other))
          + (other == name ? " (in another Unicode form)" : "")
      }
    }
    return near.isEmpty ? nil : "did you mean \(shortened(near))?"
  }

  /// A name as it is, in quotation marks if something of it could not be seen.
  package static func shown(_ name: String) -> String {
    isHidden(name) ? "'\(escaped(name))'" : escaped(name)
  }

  /// The first of several names, each as `shown` has it.
  static func listed(_ names: [String], to limit: Int = 10) -> String {
    shortened(names.prefix(limit).map(shown) + names.dropFirst(limit), to: limit)
  }

  /// Names of which no two are the same to Swift: where only the Unicode form differs, letters
  /// beyond ASCII are numbers, as in caf\u{e9} and cafe\u{301}.
  static func distinct(_ names: [String]) -> [String] {
    let counts = Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
    return names.map { name in
      counts[name] == 1
        ? name : name.unicodeScalars.map { $0.isASCII ? String($0) : $0.number }.joined()
    }
  }

  /// Whether blanks of a name are easily overlooked.
  private static func isHidden(_ name: String) -> Bool {
    let ends = [name.unicodeScalars.first, name.unicodeScalars.last].compactMap { $0 }
    return ends.contains(where: \.properties.isWhitespace) || name.contains("  ")
  }

  /// A name in one line, with numbers for blanks of other kinds than the usual one.
  private static func escaped(_ name: String) -> String {
    name.printable(limit: 4096).unicodeScalars.map { scalar in
      scalar != " " && scalar.properties.isWhitespace ? scalar.number : String(scalar)
    }.joined()
  }

  /// What is left of a name without that.
  private static func folded(_ name: String) -> String {
    let scalars = name.precomposedStringWithCompatibilityMapping.lowercased().unicodeScalars
    var kept = String.UnicodeScalarView()
    for scalar in scalars {
      switch scalar.properties.generalCategory {
      case .spaceSeparator, .format, .control, .dashPunctuation, .connectorPunctuation: continue
      default: kept.append(scalar)
      }
    }
    // A name of nothing else, such as "-", is itself.
    return kept.isEmpty ? name : String(kept)
  }
}

/// "1 class", "2 classes".
func counted(_ names: [String]) -> String { counted(names.count, "class", "classes") }
