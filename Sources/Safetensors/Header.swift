import Files

/// The header of a safetensors file, checked: its tensors fill the data without gap or overlap.
struct Header {
  static let maxSize = 100_000_000
  static let prefixSize = 8  // bytes before the header, which hold its length

  let metadata: [String: String]
  /// Where the bytes of a tensor are, counted from the first byte after the header.
  typealias Place = (info: TensorInfo, offsets: Range<Int>)
  let tensors: [Place]  // in the order of their data
  let dataStart: Int  // where the data begin in the file

  init(reading file: RegularFile) throws {
    let start = try file.bytes(at: 0, count: min(file.size, 512))
    func refuse(_ reason: String) -> TensorFileError {
      let kind = FileKind(of: file, start: start)
      let other = kind.map { "expected safetensors, found \($0.name); \($0.advice)" }
      return TensorFileError(
        path: file.path, reason: other ?? "not a safetensors file: \(reason)")
    }
    guard start.count >= Self.prefixSize else {
      throw refuse("expected at least \(Self.prefixSize) bytes, found \(start.count)")
    }
    let length = start.number(at: 0, Self.prefixSize)
    guard length > 0 else { throw refuse("the length of the header is 0") }
    guard length <= Self.maxSize else {
      throw refuse("the header's length is \(length), the limit is \(Self.maxSize) bytes")
    }
    let left = file.size - Self.prefixSize
    guard length <= left else {
      let isCut = start.dropFirst(Self.prefixSize).starts(with: "{\"".utf8)
      throw refuse(
        "the header's length is \(length), but only \(left) bytes follow"
          + (isCut ? "; truncated?" : ""))
    }
    guard start[Self.prefixSize] == UInt8(ascii: "{") else {
      throw refuse("the header does not start with '{'")
    }
    let json = try file.bytes(at: Self.prefixSize, count: Int(length))
    try self.init(json, dataSize: left - Int(length), path: file.path)
  }

  init(_ json: [UInt8], dataSize: Int, path: String) throws {
    var scanner = JSONScanner(json, path: path)
    var (metadata, tensors): ([String: String], [Place]) = ([:], [])
    try scanner.object { scanner, key in
      if key == "__metadata__" {
        try scanner.object { scanner, key in metadata[key] = try scanner.string() }
      } else {
        tensors.append(try scanner.place(of: key))
      }
    }
    try scanner.end()
    self.metadata = metadata
    self.tensors = tensors.sorted {
      let (a, b) = ($0.offsets, $1.offsets)
      return (a.lowerBound, a.upperBound) < (b.lowerBound, b.upperBound)
    }
    dataStart = Self.prefixSize + json.count
    var cursor = 0
    for tensor in self.tensors {
      if let reason = Self.fault(of: tensor, cursor: cursor, dataSize: dataSize) {
        throw TensorFileError(path: path, tensor: tensor.info.name, reason: reason)
      }
      cursor = tensor.offsets.upperBound
    }
    guard cursor == dataSize else {
      throw TensorFileError(
        path: path,
        reason: "the tensors end at data byte \(cursor), but \(dataSize) bytes are there")
    }
  }

  /// What is wrong with a tensor whose data should begin at `cursor`.
  private static func fault(of place: Place, cursor: Int, dataSize: Int) -> String? {
    let (tensor, begin, end) = (
      place.info, place.offsets.lowerBound, place.offsets.upperBound
    )
    let kind = "\(tensor.type.rawValue) \("\(tensor.shape)".printable())"
    if tensor.byteCount != end - begin {
      return
        "\(kind) needs \(tensor.byteCount) bytes, but data_offsets [\(begin), \(end)] hold "
        + "\(end - begin)"
    }
    if end > dataSize {
      return "data_offsets [\(begin), \(end)] end past the \(dataSize) data bytes; truncated?"
    }
    if begin != cursor {
      let what = begin < cursor ? "overlap the tensor before" : "leave a gap"
      return "data_offsets [\(begin), \(end)] \(what): expected to begin at \(cursor)"
    }
    return nil
  }
}
