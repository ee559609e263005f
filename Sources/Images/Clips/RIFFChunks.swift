import Files

/// The chunks of an AVI file, as its lists nest them, of which only headers are read.
struct RIFFChunks {
  struct Chunk {
    let type: String
    /// Where its data are; of a list, what it contains.
    let data: Range<Int>
    /// The lists that it is in, by type, the outermost first: "AVI ", "movi".
    let lists: [String]
  }

  private let file: RegularFile
  private let maxChunks: Int

  init(_ file: RegularFile, maxChunks: Int) { (self.file, self.maxChunks) = (file, maxChunks) }

  /// Calls `body` with each chunk that is no list, in their order, until it says false.
  ///
  /// A list that says nothing of its length, or reaches beyond the file, as programs that are
  /// killed leave them, ends with it; a chunk of data that does is given as it is.
  func forEach(_ body: (Chunk) throws -> Bool) throws {
    var open: [(type: String, end: Int)] = []
    var (place, chunks) = (0, 0)
    while true {
      while let last = open.last, place >= last.end { open.removeLast() }
      let end = open.last?.end ?? file.size
      guard place + 8 <= end else {
        if open.isEmpty { return }
        place = end  // less than a header is left of a list
        continue
      }
      chunks += 1
      guard chunks <= maxChunks else {
        throw ImageError(path: file.path, reason: "AVI: more than \(maxChunks) chunks")
      }
      let head = try file.bytes(at: place, count: min(12, file.size - place))
      let (type, length) = (head.fourCC(at: 0), head.uint32LittleEndian(at: 4))
      if type == "RIFF" || type == "LIST", head.count == 12, open.count < 8 {
        let isOpen = length < 4 || length > end - place - 8
        open.append((head.fourCC(at: 8), isOpen ? end : place + 8 + length))
        place += 12
        continue
      }
      let data = place + 8..<place + 8 + length
      guard try body(Chunk(type: type, data: data, lists: open.map(\.type))) else { return }
      place = data.upperBound + length % 2
    }
  }
}

extension [UInt8] {
  /// The four letters that begin at `offset`.
  func fourCC(at offset: Int) -> String {
    String(decoding: self[offset..<offset + 4], as: UTF8.self)
  }

  func uint32LittleEndian(at offset: Int) -> Int {
    self[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}
