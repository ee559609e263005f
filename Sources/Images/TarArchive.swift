/// The files in a tar archive in memory; nothing is unpacked, so that paths may point anywhere.
struct TarArchive {
  /// A file of the archive, by its path there; its bytes are a range of the archive's.
  struct Member {
    let path: String
    let range: Range<Int>
  }

  private(set) var members: [Member] = []

  /// Reads the headers of an archive (V7, ustar or GNU); errors call it `name`.
  ///
  /// - Throws: `DatasetError` unless every header has its checksum and every file is whole.
  init(_ bytes: [UInt8], name: String) throws(DatasetError) {
    func error(_ reason: String) -> DatasetError { DatasetError(path: name, reason: reason) }
    var at = 0
    while at < bytes.count {
      guard bytes.count - at >= 512 else {
        throw error("damaged tar archive: ends within a header")
      }
      let header = bytes[at..<at + 512]
      if header.allSatisfy({ $0 == 0 }) { return }
      guard let sum = Self.octal(header, 148..<156), sum == Self.checksum(header) else {
        throw error(
          at == 0 ? "not a tar archive" : "damaged tar archive: wrong checksum at byte \(at)")
      }
      let path = Self.path(header)
      guard let size = Self.octal(header, 124..<136) else {
        throw error("tar archive: the size of \(path) is not octal")
      }
      let start = at + 512
      guard size <= bytes.count - start else {
        let left = bytes.count - start
        throw error("damaged tar archive: \(path) has \(size) bytes, and \(left) are left")
      }
      let type = header[at + 156]
      if type == 0 || type == UInt8(ascii: "0") {
        members.append(Member(path: path, range: start..<start + size))
      }
      at = start + (size + 511) / 512 * 512
    }
  }

  /// The file of this name in whichever folder of the archive.
  ///
  /// - Throws: `DatasetError` when there are two.
  func member(_ name: String, of archive: String) throws(DatasetError) -> Member? {
    let found = members.filter { $0.path == name || $0.path.hasSuffix("/\(name)") }
    guard found.count < 2 else {
      throw DatasetError(path: archive, reason: "\(found[0].path) and \(found[1].path) are in it")
    }
    return found.first
  }

  /// A number of octal digits between spaces, ended by a space or zero byte; nil if it is not one.
  private static func octal(_ header: ArraySlice<UInt8>, _ field: Range<Int>) -> Int? {
    let bytes = header.dropFirst(field.lowerBound).prefix(field.count)
      .drop { $0 == UInt8(ascii: " ") }
    let digits = bytes.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }
    return Int(String(decoding: digits, as: UTF8.self), radix: 8).flatMap { $0 < 0 ? nil : $0 }
  }

  /// The sum of the header's bytes, with spaces where the sum itself stands.
  private static func checksum(_ header: ArraySlice<UInt8>) -> Int {
    let own = header.startIndex + 148..<header.startIndex + 156
    return header.indices.reduce(0) { $0 + (own.contains($1) ? 32 : Int(header[$1])) }
  }

  private static func path(_ header: ArraySlice<UInt8>) -> String {
    func text(_ field: Range<Int>) -> String {
      let bytes = header.dropFirst(field.lowerBound).prefix(field.count)
      return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    let prefix = text(257..<262) == "ustar" && text(257..<264) != "ustar  " ? text(345..<500) : ""
    return prefix.isEmpty ? text(0..<100) : "\(prefix)/\(text(0..<100))"
  }
}
