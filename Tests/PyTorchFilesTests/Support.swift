import Foundation
import Safetensors
import Testing

@testable import PyTorchFiles

/// A file of Fixtures/, which make_fixtures.py writes.
func fixture(_ name: String) throws -> String {
  try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil)).path
}

/// Calls `body` with a file of these bytes, which is gone afterwards.
func withFile<Result>(_ bytes: [UInt8], _ body: (String) throws -> Result) throws -> Result {
  let folder = try TemporaryFolder()
  return try withExtendedLifetime(folder) { try body(folder.write(bytes)) }
}

/// The error of opening a file of these bytes, without its path; "opened" if there is none.
func fault(_ bytes: [UInt8]) throws -> String {
  try withFile(bytes) { path in
    do {
      _ = try PyTorchFile(contentsOf: path)
      return "opened"
    } catch {
      return "\(error)".replacingOccurrences(of: "\(path): ", with: "")
    }
  }
}
