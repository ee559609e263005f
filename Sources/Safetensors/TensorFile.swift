import Files

/// A file of named tensors, whatever its format: its directory, checked, and its tensors, read
/// when they are asked for.
///
/// ```swift
/// let file: any TensorFile = try SafetensorsFile(contentsOf: "model.safetensors")
/// for tensor in file.tensors { print(tensor.name, tensor.type.rawValue, tensor.shape) }
/// let weight = try file.floats("head.weight")
/// ```
///
/// The file stays open for as long as the value lives. Any thread may read from it.
public protocol TensorFile: Sendable {
  /// Where the file is.
  var path: String { get }
  /// Free text that the writer of the file left.
  var metadata: [String: String] { get }
  /// What whoever reads the file should know of it; nothing unless said otherwise.
  var notes: [String] { get }
  /// The tensors.
  var tensors: [TensorInfo] { get }
  /// What the file says about a tensor; nil if there is none of this name.
  func info(_ name: String) -> TensorInfo?
  /// Fills `buffer` with bytes of a tensor, little-endian and row by row, from its byte `start` on.
  ///
  /// - Throws: `TensorFileError` if the file cannot be read.
  func read(_ info: TensorInfo, from start: Int, into buffer: UnsafeMutableRawBufferPointer) throws
}

extension TensorFile {
  /// Nothing.
  public var notes: [String] { [] }

  /// The bytes of a tensor, little-endian and row by row.
  ///
  /// - Throws: `TensorFileError` if there is no such tensor, or it cannot be read.
  public func bytes(_ name: String) throws -> [UInt8] {
    let info = try require(name)
    return try [UInt8](unsafeUninitializedCapacity: info.byteCount) { buffer, initialized in
      try read(info, from: 0, into: UnsafeMutableRawBufferPointer(buffer))
      initialized = info.byteCount
    }
  }

  func require(_ name: String) throws -> TensorInfo {
    guard let info = info(name) else {
      throw error(name, "not among the \(tensors.count) tensors of the file")
    }
    return info
  }

  func error(_ name: String, _ reason: String) -> TensorFileError {
    TensorFileError(path: path, tensor: name, reason: reason)
  }
}
