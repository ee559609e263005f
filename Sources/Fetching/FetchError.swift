import Files

/// Why an address gives no file, or not the one that was expected.
package struct FetchError: PathError {
  /// The address.
  package let path: String
  package let reason: String

  package init(path: String, reason: String) {
    (self.path, self.reason) = (path, reason)
  }
}

/// What went wrong with one request, and may go right with the next.
struct TransferFault: Error {
  let reason: String
  /// Whether no server was found, or none that can be trusted: asking again does not help.
  var isFinal = false
}
