import ConViT
import Files
import Foundation

/// Throws, before the work is done, unless a command may write a weights file: none is there, or
/// `force` replaces it, and its folder takes one.
func requirePlace(for output: String, force: Bool) throws {
  try AtomicFile.requirePlace(output)
  guard force || !FileManager.default.fileExists(atPath: output) else {
    throw WeightsError(path: output, reason: "is there already; --force replaces it")
  }
}
