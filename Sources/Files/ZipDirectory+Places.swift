extension ZipDirectory {
  private static let headerSize = 30  // bytes of an entry's own header before its name

  /// Where the data of each entry are in the file, by its name.
  ///
  /// Only an archive whose data can be read in place: entries that are compressed, encrypted, of
  /// the same name, outside of the archive's folder, or in each other's bytes are errors, and so is
  /// a header of an entry that says something else than the directory.
  package func places(in file: RegularFile) throws(FileError) -> [String: Range<Int>] {
    var places: [String: Range<Int>] = [:]
    var (end, last) = (0, "")
    for entry in entries.sorted(by: { $0.headerStart < $1.headerStart }) {
      func refuse(_ reason: String) -> FileError {
        FileError(path: file.path, reason: "zip entry '\(entry.name.printable())' \(reason)")
      }
      if let reason = entry.fault { throw refuse(reason) }
      guard entry.headerStart >= end else { throw refuse("overlaps '\(last.printable())'") }
      let place = try place(of: entry, in: file)
      guard places.updateValue(place, forKey: entry.name) == nil else {
        throw refuse("is there twice")
      }
      (end, last) = (place.upperBound, entry.name)
    }
    return places
  }

  /// The range of an entry's bytes, after a look at the header before them.
  private func place(of entry: Entry, in file: RegularFile) throws(FileError) -> Range<Int> {
    func refuse(_ reason: String) -> FileError {
      FileError(path: file.path, reason: "zip entry '\(entry.name.printable())' \(reason)")
    }
    guard start >= Self.headerSize, entry.headerStart <= start - Self.headerSize else {
      throw refuse("begins at byte \(entry.headerStart), behind the directory at \(start)")
    }
    let header = try file.bytes(at: entry.headerStart, count: Self.headerSize)
    guard header.number(at: 0, 4) == 0x0403_4B50 else {
      throw refuse("has no header at byte \(entry.headerStart)")
    }
    let nameSize = Int(header.number(at: 26, 2))
    let nameStart = entry.headerStart + Self.headerSize
    let dataStart = nameStart + nameSize + Int(header.number(at: 28, 2))
    guard dataStart <= start, entry.size <= start - dataStart else {
      throw refuse("has \(entry.size) bytes from byte \(dataStart) on, behind the directory")
    }
    let name = String(decoding: try file.bytes(at: nameStart, count: nameSize), as: UTF8.self)
    guard name == entry.name else {
      throw refuse("is called '\(name.printable())' in its own header")
    }
    guard header.number(at: 6, 2) == entry.flags, header.number(at: 8, 2) == entry.method else {
      throw refuse("has other flags or another method in its own header")
    }
    // A header written before its data has no sizes, which flag 3 says, or has them elsewhere.
    for place in [18, 22] {
      let size = header.number(at: place, 4)
      guard size == entry.size || size == 0xFFFF_FFFF || (size == 0 && entry.flags & 8 != 0) else {
        throw refuse("has \(size) bytes by its own header, \(entry.size) by the directory")
      }
    }
    return dataStart..<dataStart + entry.size
  }
}

extension ZipDirectory.Entry {
  /// What is wrong with the entry by the directory alone.
  fileprivate var fault: String? {
    if flags & 0x2041 != 0 { return "is encrypted" }
    if method != 0 { return "is compressed (method \(method)), expected it stored as it is" }
    if packedSize != size { return "has \(packedSize) bytes stored, \(size) bytes in all" }
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    if name.isEmpty || name.hasPrefix("/") || name.contains("\\") || name.contains("\0")
      || parts.contains("..")
    {
      return "is not named as a file inside of the archive"
    }
    return nil
  }
}
