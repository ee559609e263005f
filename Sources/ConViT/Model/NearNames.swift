/// The names that are most like one that somebody wrote, for "Did you mean …?".
package enum NearNames {
  /// At most three of `names` that `text` may stand for: those that are nearest.
  ///
  /// A name is near if few letters differ (one in three), if the text is nearly its beginning, or
  /// if it has the same words in another order.
  package static func of(_ text: String, among names: some Sequence<String>) -> [String] {
    let wanted = Array(text.lowercased())
    guard (2...100).contains(wanted.count) else { return [] }
    let words = Set(text.split { "-_".contains($0) })
    let found = names.compactMap { name -> (name: String, distance: Int)? in
      let letters = Array(name.lowercased())
      if Set(name.split { "-_".contains($0) }) == words { return (name, 0) }
      let whole = distance(wanted, letters)
      if whole <= max(1, min(wanted.count, letters.count) / 3) { return (name, whole) }
      guard wanted.count > 2 else { return nil }
      let beginning = distance(wanted, Array(letters.prefix(wanted.count + 1)))
      return beginning <= wanted.count / 4 + 1 ? (name, beginning + wanted.count) : nil
    }
    let least = found.map(\.distance).min()
    return found.filter { $0.distance == least }.map(\.name).sorted().prefix(3).map(\.self)
  }

  /// " Did you mean 'a' or 'b'?", or nothing if there is nothing near.
  package static func question(_ names: [String]) -> String {
    guard let last = names.last else { return "" }
    let others = names.dropLast().map { "'\($0)'" }.joined(separator: ", ")
    return " Did you mean \(others.isEmpty ? "" : others + " or ")'\(last)'?"
  }

  /// How many letters to put in, leave out, replace or exchange with the next make `b` of `a`.
  private static func distance(_ a: [Character], _ b: [Character]) -> Int {
    var rows = [Array(0...b.count)]
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        let replaced = rows[i][j] + (a[i] == b[j] ? 0 : 1)
        var least = min(row[j] + 1, rows[i][j + 1] + 1, replaced)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          least = min(least, rows[i - 1][j - 1] + 1)
        }
        row.append(least)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
