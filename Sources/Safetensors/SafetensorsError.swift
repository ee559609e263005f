import Files

/// Why a safetensors file was not read or written.
public struct SafetensorsError: Error, Hashable, Sendable, CustomStringConvertible {
  let path: String
  var tensor: String?
  package let reason: String

  /// `path: tensor 'x': reason`, with what was expected and found, on one line in any case.
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
