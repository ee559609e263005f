/// A path as it is without slashes at its end, which a shell adds.
package func withoutEndSlash(_ path: String) -> String {
  let end = path.utf8.lastIndex { $0 != UInt8(ascii: "/") }
  guard let end else { return path.isEmpty ? "" : "/" }
  return String(decoding: path.utf8[...end], as: UTF8.self)
}

/// The folder that the file at a path is in.
package func folder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}
