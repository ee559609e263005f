/// The central directory of a zip archive: what is in it and where, read without its data.
///
/// Source: PKWARE, APPNOTE.TXT 6.3, with 64-bit fields (zip64). Archives of several disks, and
/// those with other bytes before or after, are refused.
package struct ZipDirectory: Sendable {
  package struct Entry: Sendable {
    package let name: String
    /// How the data are compressed; 0 is not at all.
    let method: Int
    let flags: Int
    let packedSize: Int
    let size: Int
    /// Where the entry's own header begins, with its data behind.
    let headerStart: Int
  }

  static let maxEntries = 1 << 18
  static let maxSize = 64 << 20  // bytes of the directory

  package let entries: [Entry]
  /// Where the directory begins: behind the data of all entries.
  let start: Int

  package init(of file: RegularFile) throws(FileError) {
    let end = try End(of: file)
    func refuse(_ reason: String) -> FileError { FileError(path: file.path, reason: reason) }
    guard end.count <= Self.maxEntries, end.size <= Self.maxSize else {
      throw refuse(
        "the zip directory has \(end.count) entries and \(end.size) bytes, "
          + "the limits are \(Self.maxEntries) and \(Self.maxSize)")
    }
    guard end.start >= 0, end.start <= end.place, end.size == end.place - end.start else {
      throw refuse(
        "the zip directory should end at byte \(end.place), found it at byte \(end.start) "
          + "with \(end.size) bytes; damaged?")
    }
    let bytes = try file.bytes(at: end.start, count: end.size)
    var (entries, cursor): ([Entry], Int) = ([], 0)
    while cursor < bytes.count {
      guard let entry = Entry(bytes, &cursor) else {
        throw refuse("entry \(entries.count + 1) of the zip directory is damaged")
      }
      entries.append(entry)
    }
    guard entries.count == end.count else {
      throw refuse("expected \(end.count) entries in the zip directory, found \(entries.count)")
    }
    (self.entries, start) = (entries, end.start)
  }
}

extension ZipDirectory.Entry {
  /// Reads the entry at `cursor` of a directory and moves on; nil if there is none that is whole.
  fileprivate init?(_ bytes: [UInt8], _ cursor: inout Int) {
    guard bytes.count - cursor >= 46, bytes.number(at: cursor, 4) == 0x0201_4B50 else { return nil }
    let fields = cursor
    func half(_ place: Int) -> Int { Int(bytes.number(at: fields + place, 2)) }
    let nameEnd = cursor + 46 + half(28)
    let extraEnd = nameEnd + half(30)
    let end = extraEnd + half(32)
    guard end <= bytes.count else { return nil }
    name = String(decoding: bytes[cursor + 46..<nameEnd], as: UTF8.self)
    (flags, method) = (half(8), half(10))
    // In this order: those that do not fit 32 bits are in the extra field.
    var sizes = [24, 20, 42].map { bytes.number(at: fields + $0, 4) }
    if sizes.contains(0xFFFF_FFFF) {
      guard var place = Self.wideFields(bytes[nameEnd..<extraEnd]) else { return nil }
      for i in sizes.indices where sizes[i] == 0xFFFF_FFFF {
        guard place.count >= 8 else { return nil }
        sizes[i] = bytes.number(at: place.lowerBound, 8)
        place = place.dropFirst(8)
      }
    }
    guard let size = Int(exactly: sizes[0]), let packedSize = Int(exactly: sizes[1]),
      let headerStart = Int(exactly: sizes[2]), half(34) == 0
    else { return nil }
    (self.size, self.packedSize, self.headerStart) = (size, packedSize, headerStart)
    cursor = end
  }

  /// Where the 64-bit numbers are in an extra field.
  private static func wideFields(_ extra: ArraySlice<UInt8>) -> Range<Int>? {
    var place = extra.startIndex
    while extra.endIndex - place >= 4 {
      let start = place + 4
      let end = start + Int(extra.number(at: place + 2, 2))
      guard end <= extra.endIndex else { return nil }
      if extra.number(at: place, 2) == 1 { return start..<end }
      place = end
    }
    return nil
  }
}

/// What the records at the end of an archive say of its directory.
private struct End {
  let start: Int
  let size: Int
  let count: Int
  /// Where the first of these records begins, which is where the directory must end.
  let place: Int

  init(of file: RegularFile) throws(FileError) {
    func refuse(_ reason: String) -> FileError { FileError(path: file.path, reason: reason) }
    // The record, with the longest comment and what stands before it.
    let tailStart = max(0, file.size - 22 - 65_535 - 20)
    let tail = try file.bytes(at: tailStart, count: file.size - tailStart)
    let found = stride(from: tail.count - 22, through: 0, by: -1).first { place in
      tail[place] == 0x50 && tail.number(at: place, 4) == 0x0605_4B50
        && place + 22 + Int(tail.number(at: place + 20, 2)) == tail.count
    }
    guard let end = found else {
      throw refuse("no zip directory at the end of the file; cut short?")
    }
    guard tail.number(at: end + 4, 4) == 0 else { throw refuse("a zip archive of several disks") }
    var numbers = [(12, 4), (16, 4), (10, 2)].map { tail.number(at: end + $0.0, $0.1) }
    var place = tailStart + end
    if end >= 20, tail.number(at: end - 20, 4) == 0x0706_4B50 {
      guard let start = Int(exactly: tail.number(at: end - 12, 8)), start <= place - 20 - 56 else {
        throw refuse("the zip64 record should be before byte \(place - 20); damaged?")
      }
      let record = try file.bytes(at: start, count: 56)
      let wide = [40, 48, 32].map { record.number(at: $0, 8) }
      let isSame = zip(numbers, [0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF] as [UInt64])
        .enumerated().allSatisfy { $1.0 == $1.1 || $1.0 == wide[$0] }
      guard record.number(at: 0, 4) == 0x0606_4B50, isSame else {
        throw refuse("the zip64 record at byte \(start) is damaged")
      }
      (numbers, place) = (wide, start)
    }
    guard let size = Int(exactly: numbers[0]), let start = Int(exactly: numbers[1]),
      let count = Int(exactly: numbers[2])
    else { throw refuse("the zip directory is beyond what a file can have; damaged?") }
    (self.start, self.size, self.count, self.place) = (start, size, count, place)
  }
}

extension RandomAccessCollection<UInt8> where Index == Int {
  /// The little-endian number of so many bytes at an index.
  package func number(at place: Int, _ count: Int) -> UInt64 {
    self[place..<place + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}
