import Foundation

/// Names of classes that a person would take for the same, though their bytes differ.
enum ClassNames {
  /// Groups of names that differ only in case, blanks, hyphens or Unicode form, each shown so that
  /// the difference can be seen.
  static func lookalikes(_ names: [String]) -> [String] {
    Dictionary(grouping: names.indices) { folded(names[$0]) }.values
      .filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
      .map { group in
        let names = group.map { names[$0] }
        let isSame = names.contains { name in names.count { $0 == name } > 1 }
        return names.map(shown).joined(separator: ", ")
          + (isSame ? " (one of them in another Unicode form)" : "")
      }
  }

  /// "did you mean 'cat', 'dog'?" for names of which others differ only so; nil if there is none.
  static func suggestion(for names: [String], among others: [String]) -> String? {
    let known = Dictionary(others.map { (folded($0), $0) }, uniquingKeysWith: { first, _ in first })
    let near = names.compactMap { name in
      known[folded(name)].map { "\(shown($0))\($0 == name ? " (in another Unicode form)" : "")" }
    }
    return near.isEmpty ? nil : "did you mean \(shortened(near))?"
  }

  /// A name as it is, in quotation marks if something of it could not be seen.
  static func shown(_ name: String) -> String {
    let text = ImageError.escaped(name).replacingOccurrences(of: "\u{A0}", with: "\\u{a0}")
    let ends = [name.unicodeScalars.first, name.unicodeScalars.last].compactMap { $0 }
    let isHidden = ends.contains(where: \.properties.isWhitespace) || name.contains("  ")
    return isHidden ? "'\(text)'" : text
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
