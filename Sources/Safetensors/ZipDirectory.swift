import Files

enum ZipDirectory {
  static func kind(of file: RegularFile) -> FileKind {
    guard let names = names(in: file) else { return .cutZip }
    func has(_ end: String) -> Bool { names.contains { $0.hasSuffix(end) } }
    if has("/data.pkl") || names.contains("data.pkl") {
      return has("/constants.pkl") || names.contains { $0.contains("/code/") }
        ? .torchScript : .torchArchive
    }
    if !names.isEmpty, names.allSatisfy({ $0.hasSuffix(".npy") }) { return .numpyArchive }
    return has("model.weights.h5") ? .keras : .zip
  }

  /// The first names of an archive, at most 10,000; nil if the file ends before its directory.
  static func names(in file: RegularFile) -> [String]? {
    let tailStart = max(0, file.size - 65_557)  // the end record and the longest comment
    guard let tail = try? file.bytes(at: tailStart, count: file.size - tailStart),
      tail.count >= 22,
      let end = (0...tail.count - 22).reversed().first(where: {
        tail[$0...].starts(with: "PK\u{5}\u{6}".utf8)
      })
    else { return nil }
    func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
      bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    var size = Int(number(tail[end + 12..<end + 16]))
    var start = Int(number(tail[end + 16..<end + 20]))
    if start == 0xFFFF_FFFF || size == 0xFFFF_FFFF {
      // Beyond 4 GB: a second record with 64 bits, 20 bytes of locator before this one.
      let record = end - 20 - 56
      guard record >= 0, tail[record...].starts(with: "PK\u{6}\u{6}".utf8),
        let wide = Int(exactly: number(tail[record + 40..<record + 48])),
        let place = Int(exactly: number(tail[record + 48..<record + 56]))
      else { return nil }
      (size, start) = (wide, place)
    }
    guard start <= file.size, size <= file.size - start,
      let directory = try? file.bytes(at: start, count: min(size, 4 << 20))
    else { return nil }
    var (names, cursor): ([String], Int) = ([], 0)
    while names.count < 10_000, directory.count - cursor >= 46,
      directory[cursor...].starts(with: "PK\u{1}\u{2}".utf8)
    {
      func half(_ place: Int) -> Int { Int(number(directory[cursor + place..<cursor + place + 2])) }
      let nameEnd = cursor + 46 + half(28)
      guard nameEnd <= directory.count else { break }
      names.append(String(decoding: directory[cursor + 46..<nameEnd], as: UTF8.self))
      cursor = nameEnd + half(30) + half(32)
    }
    return names
  }
}
