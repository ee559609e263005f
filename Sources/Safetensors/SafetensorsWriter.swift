import Files

/// Writes safetensors files, whole or not at all.
public enum SafetensorsWriter {
  /// Writes tensors to a file, replacing a file that is there.
  ///
  /// The bytes depend on the arguments only. Wider types come first, so that every tensor is
  /// aligned, and within a width the order is that of `tensors`; metadata are sorted by key.
  ///
  /// They go to `<path>.tmp` and are on the disk before that is renamed to `path`. After an
  /// error there is no `<path>.tmp`, and `path` is what it was. A symbolic link at `path` is
  /// replaced by the file. Whatever `SafetensorsFile` would refuse is refused before anything
  /// is written.
  public static func write(
    _ tensors: [OutputTensor], metadata: [String: String] = [:], to path: String
  ) throws {
    let widths = [8, 4, 2, 1]
    let ordered = widths.flatMap { width in tensors.filter { $0.type.byteCount == width } }
    let sizes = try ordered.map { try byteCount(of: $0, path: path) }
    let dataSize = try total(sizes, path: path)
    let header = try headerBytes(ordered, sizes: sizes, metadata: metadata)
    try check(header, tensors: ordered, dataSize: dataSize, path: path)

    let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { [UInt8]($0) }
    let fileSize = length.count + header.count + dataSize
    do {
      try AtomicFile.replace(path, byteCount: fileSize) { file in
        try (length + header).withUnsafeBytes { try file.write($0) }
        for (tensor, size) in zip(ordered, sizes) {
          try write(tensor, byteCount: size, to: file, path: path)
        }
      }
    } catch let error as FileError {
      throw TensorFileError(error)
    }
  }

  private static func write(
    _ tensor: OutputTensor, byteCount: Int, to file: AtomicFile, path: String
  ) throws {
    func fault(_ reason: String) -> TensorFileError {
      TensorFileError(path: path, tensor: tensor.name, reason: reason)
    }
    var calls = 0
    try tensor.withBytes { bytes in
      calls += 1
      guard bytes.count == byteCount else {
        throw fault(
          "shape \(tensor.shape) of \(tensor.type.rawValue) needs \(byteCount) bytes, "
            + "the data have \(bytes.count)")
      }
      try file.write(bytes)
    }
    guard calls == 1 else {
      throw fault("the data must be lent once, they were lent \(calls) times")
    }
  }

  private static func byteCount(of tensor: OutputTensor, path: String) throws -> Int {
    if tensor.name == "__metadata__" {
      throw TensorFileError(
        path: path, tensor: tensor.name, reason: "the format keeps this name for its metadata")
    }
    guard let bytes = tensor.type.byteCount(shape: tensor.shape) else {
      throw TensorFileError(
        path: path, tensor: tensor.name, reason: "shape \(tensor.shape) cannot be stored")
    }
    return bytes
  }

  private static func total(_ sizes: [Int], path: String) throws -> Int {
    try sizes.reduce(0) { sum, size in
      let (total, overflow) = sum.addingReportingOverflow(size)
      // Room for the header is left, too.
      guard !overflow, total < Int.max / 2 else {
        throw TensorFileError(path: path, reason: "the tensors have more bytes than a file")
      }
      return total
    }
  }

  /// The header as JSON, padded with spaces so that the data begin at a multiple of 8.
  private static func headerBytes(
    _ tensors: [OutputTensor], sizes: [Int], metadata: [String: String]
  ) throws -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      // By their bytes: the order of Swift strings may change with the Unicode tables.
      let pairs = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      let texts = try pairs.map { "\(try JSON.text($0.key)):\(try JSON.text($0.value))" }
      members.append("\"__metadata__\":{\(texts.joined(separator: ","))}")
    }
    var begin = 0
    for (tensor, size) in zip(tensors, sizes) {
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      let fields = "\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)]"
      let offsets = "\"data_offsets\":[\(begin),\(begin + size)]"
      members.append("\(try JSON.text(tensor.name)):{\(fields),\(offsets)}")
      begin += size
    }
    let json = [UInt8]("{\(members.joined(separator: ","))}".utf8)
    return json + [UInt8](repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
  }

  /// Puts the header through the checks of the reader: a name twice, too long, too many.
  private static func check(
    _ header: [UInt8], tensors: [OutputTensor], dataSize: Int, path: String
  ) throws {
    guard header.count <= Header.maxSize else {
      throw TensorFileError(
        path: path,
        reason: "the header has \(header.count) bytes, the limit is \(Header.maxSize)")
    }
    _ = try Header(header, dataSize: dataSize, path: path)
  }
}
