/// "1 class", "2 classes".
package func counted(_ count: Int, _ one: String, _ many: String) -> String {
  "\(count) \(count == 1 ? one : many)"
}

/// "1 class", "2 classes".
func counted(_ names: [String]) -> String { counted(names.count, "class", "classes") }

/// The first names of a list that may be long.
package func shortened(_ names: [String], to limit: Int = 10) -> String {
  let first = names.prefix(limit).joined(separator: ", ")
  return names.count > limit ? "\(first) and \(names.count - limit) more" : first
}

/// A path as it is without slashes at its end, which a shell adds.
package func withoutEndSlash(_ path: String) -> String {
  let end = path.utf8.lastIndex { $0 != UInt8(ascii: "/") }
  guard let end else { return path.isEmpty ? "" : "/" }
  return String(decoding: path.utf8[...end], as: UTF8.self)
}
