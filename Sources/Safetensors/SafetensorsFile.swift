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
/// Two names that Swift holds to be equal (an accent composed or not) are refused as duplicates.
public struct SafetensorsFile: TensorFile {
  /// Free text that the writer of the file left.
  public let metadata: [String: String]
  /// The tensors, in the order of their data.
  public let tensors: [TensorInfo]
  let offsets: [Range<Int>]
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
      throw TensorFileError(path: path, reason: error.reason + WeightsPath.hint(inFolder: path))
    }
    metadata = header.metadata
    (tensors, offsets) = (header.tensors.map(\.info), header.tensors.map(\.offsets))
    dataStart = header.dataStart
    indices = Dictionary(
      uniqueKeysWithValues: tensors.enumerated().map { ($1.name, $0) })
  }

  /// Where the file is.
  public var path: String { file.path }

  /// What the header says about a tensor; nil if there is none of this name.
  public func info(_ name: String) -> TensorInfo? {
    indices[name].map { tensors[$0] }
  }

  /// Fills `buffer` with the bytes of a tensor, from its byte `start` on.
  ///
  /// - Throws: `TensorFileError` if the file cannot be read, or the tensor has no such bytes.
  public func read(
    _ info: TensorInfo, from start: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    guard let index = indices[info.name], tensors[index] == info,
      start >= 0, start <= info.byteCount, buffer.count <= info.byteCount - start
    else { throw error(info.name, "asked for bytes that the tensor does not have") }
    do {
      try file.read(into: buffer, at: dataStart + offsets[index].lowerBound + start)
    } catch {
      throw TensorFileError(error, tensor: info.name)
    }
  }
}
