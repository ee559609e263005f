/// "1 class", "2 classes".
package func counted(_ count: Int, _ one: String, _ many: String) -> String {
  "\(count) \(count == 1 ? one : many)"
}

/// The first names of a list that may be long: "a, b and 5 more".
package func shortened(_ names: [String], to limit: Int = 10) -> String {
  let first = names.prefix(limit).joined(separator: ", ")
  return names.count > limit ? "\(first) and \(names.count - limit) more" : first
}
