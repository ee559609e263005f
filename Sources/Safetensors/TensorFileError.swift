import Files

/// Why a file of tensors was not read or written.
public struct TensorFileError: Error, Hashable, Sendable, CustomStringConvertible {
  package let path: String
  var tensor: String?
  package let reason: String

  package init(path: String, tensor: String? = nil, reason: String) {
    (self.path, self.tensor, self.reason) = (path, tensor, reason)
  }

  /// `path: tensor 'x': reason`, with what was expected and found, on one line in any case.
  public var description: String {
    let subject = tensor.map { " tensor '\($0.printable())':" } ?? ""
    return "\(path.printable(limit: 4096)):\(subject) \(reason.printable(limit: 4096))"
  }
}

extension TensorFileError {
  /// What stopped the reading or writing of a file, or of one tensor in it.
  package init(_ error: FileError, tensor: String? = nil) {
    self.init(path: error.path, tensor: tensor, reason: error.reason)
  }
}
