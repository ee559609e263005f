import Foundation
import Testing

@testable import Safetensors

/// A folder of a test's own, which goes when the value does.
final class TemporaryFolder {
  let url = FileManager.default.temporaryDirectory
    .appendingPathComponent("safetensors-\(UUID().uuidString)")

  init() throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  func write(_ bytes: [UInt8], to name: String = "a.safetensors") throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
    return path(name)
  }

  var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }
  }
}

/// The path of a committed fixture.
func fixture(_ name: String) throws -> String {
  let url = Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil)
  return try #require(url).path
}

func contents(_ path: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

/// The bytes of a file with this header and so many data bytes: 0, 1, 2, …
func fileBytes(_ header: String, data: Int = 0) -> [UInt8] {
  fileBytes([UInt8](header.utf8), data: (0..<data).map { UInt8(truncatingIfNeeded: $0) })
}

func fileBytes(_ header: [UInt8], data: [UInt8]) -> [UInt8] {
  withUnsafeBytes(of: UInt64(header.count).littleEndian) { [UInt8]($0) } + header + data
}

/// A file of one tensor, `x`.
func fileBytes(_ type: ElementType, shape: [Int], data: [UInt8]) -> [UInt8] {
  let header =
    #"{"x":{"dtype":"\#(type.rawValue)","shape":\#(shape),"data_offsets":[0,\#(data.count)]}}"#
  return fileBytes([UInt8](header.utf8), data: data)
}

/// The description of the error that `body` must throw, without the folder in its paths.
func errorText(in folder: TemporaryFolder, _ body: () throws -> Void) throws -> String {
  let error = try #require(throws: TensorFileError.self, performing: body)
  return error.description.replacingOccurrences(of: folder.url.path + "/", with: "")
}

/// The description of the error that these bytes must give as a file `a.safetensors`.
func errorText(reading bytes: [UInt8]) throws -> String {
  let folder = try TemporaryFolder()
  let path = try folder.write(bytes)
  return try errorText(in: folder) { _ = try SafetensorsFile(contentsOf: path) }
}
