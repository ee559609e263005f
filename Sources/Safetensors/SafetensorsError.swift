import Files

/// Why a safetensors file was not read or written.
public struct SafetensorsError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file.
  public let path: String
  /// The tensor, where it is about one.
  public let tensor: String?
  /// What was expected and what was found.
  public let reason: String

  /// An error about a file, or about one tensor of it.
  public init(path: String, tensor: String? = nil, reason: String) {
    self.path = path
    self.tensor = tensor
    self.reason = reason
  }

  /// `path: tensor 'x': reason`, on one line whatever the file contains.
  public var description: String {
    let subject = tensor.map { " tensor '\($0.printable())':" } ?? ""
    return "\(path.printable(limit: 4096)):\(subject) \(reason.printable(limit: 4096))"
  }
}

extension SafetensorsError {
  /// What stopped the reading or writing of a file, or of one tensor in it.
  init(_ error: FileError, tensor: String? = nil) {
    self.init(path: error.path, tensor: tensor, reason: error.reason)
  }
}
