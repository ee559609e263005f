import Files

#if _endian(big)
  #error("safetensors files are little-endian, and numbers are read as they are")
#endif

/// A safetensors file: its header, checked, and its tensors, read when they are asked for.
///
/// ```swift
/// let file = try SafetensorsFile(contentsOf: "model.safetensors")
/// for tensor in file.tensors { print(tensor.name, tensor.type.rawValue, tensor.shape) }
/// let weight = try file.floats("head.weight")
/// ```
///
/// The file stays open for as long as the value lives. Any thread may read from it. Two names
/// that Swift holds to be equal (an accent composed or not) are refused as duplicates.
public struct SafetensorsFile: Sendable {
  /// Free text that the writer of the file left.
  public let metadata: [String: String]
  /// The tensors, in the order of their data.
  public let tensors: [TensorInfo]
  private let indices: [String: Int]
  private let file: RegularFile
  private let dataStart: Int

  /// Opens a file, reads its header and checks it against the size of the file.
  public init(contentsOf path: String) throws {
    try WeightsPath.requireNoAddress(path)
    let header: Header
    do {
      file = try RegularFile(reading: path, expected: "a safetensors file")
      header = try Header(reading: file)
    } catch let error as FileError {
      throw SafetensorsError(path: path, reason: error.reason + WeightsPath.hint(inFolder: path))
    }
    metadata = header.metadata
    tensors = header.tensors
    dataStart = header.dataStart
    indices = Dictionary(
      uniqueKeysWithValues: header.tensors.enumerated().map { ($1.name, $0) })
  }

  package var path: String { file.path }

  /// What the header says about a tensor; nil if there is none of this name.
  public func info(_ name: String) -> TensorInfo? {
    indices[name].map { tensors[$0] }
  }

  /// The bytes of a tensor, as they are in the file.
  public func bytes(_ name: String) throws -> [UInt8] {
    let info = try require(name)
    return try [UInt8](unsafeUninitializedCapacity: info.byteCount) { buffer, initialized in
      try read(info, into: UnsafeMutableRawBufferPointer(buffer))
      initialized = info.byteCount
    }
  }

  func require(_ name: String) throws -> TensorInfo {
    guard let info = info(name) else {
      throw error(name, "not among the \(tensors.count) tensors of the file")
    }
    return info
  }

  /// Fills `buffer` with the bytes of a tensor, from its byte `start` on.
  func read(_ info: TensorInfo, from start: Int = 0, into buffer: UnsafeMutableRawBufferPointer)
    throws
  {
    do {
      try file.read(into: buffer, at: dataStart + info.offsets.lowerBound + start)
    } catch {
      throw SafetensorsError(error, tensor: info.name)
    }
  }

  func error(_ name: String, _ reason: String) -> SafetensorsError {
    SafetensorsError(path: path, tensor: name, reason: reason)
  }
}
