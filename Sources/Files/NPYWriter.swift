import Foundation

/// A NumPy array whose rows are written as they come, however many there will be: format 1.0 of
/// `numpy.lib.format`, which `numpy.load(path, mmap_mode="r")` reads without loading it.
///
/// Until `finish`, the bytes are in a file with `.tmp` behind its path.
package final class NPYWriter {
  /// What rows are made of.
  package enum Element: String, Sendable {
    case float32 = "<f4"
    case int64 = "<i8"
  }

  package let path: String
  /// The sizes of a row.
  package let row: [Int]
  /// The rows so far.
  package private(set) var count = 0
  private let element: Element
  private let file: FileHandle
  private var isFinished = false
  private static let headerSize = 128

  private var temporary: String { path + ".tmp" }

  package init(_ path: String, row: [Int], of element: Element = .float32) throws(FileError) {
    (self.path, self.row, self.element) = (path, row, element)
    let descriptor = open(
      path + ".tmp", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw FileError(path: path, cannot: "create '\(path).tmp'", code: errno)
    }
    file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    try write(header)
  }

  deinit { if !isFinished { unlink(temporary) } }

  package func append(_ values: [Float]) throws(FileError) {
    try append(values.count, values.withUnsafeBytes { Data($0) }, .float32)
  }

  package func append(_ values: [Int]) throws(FileError) {
    try append(values.count, values.map(Int64.init).withUnsafeBytes { Data($0) }, .int64)
  }

  private func append(_ values: Int, _ bytes: Data, _ given: Element) throws(FileError) {
    let size = row.reduce(1, *)
    precondition(
      given == element && values.isMultiple(of: max(size, 1)),
      "NPYWriter: \(values) values for rows of \(row)")
    count += values / max(size, 1)
    try write(bytes)
  }

  /// Gives the file its name and says how many rows it has.
  package func finish() throws(FileError) {
    try writing {
      try file.seek(toOffset: 0)
      try file.write(contentsOf: header)
      try file.close()
    }
    guard rename(temporary, path) == 0 else {
      throw FileError(path: path, cannot: "rename '\(temporary)'", code: errno)
    }
    isFinished = true
  }

  private func write(_ bytes: Data) throws(FileError) {
    try writing { try file.write(contentsOf: bytes) }
  }

  private func writing(_ body: () throws -> Void) throws(FileError) {
    do { try body() } catch {
      throw FileError(path: path, reason: "cannot be written: \(error.localizedDescription)")
    }
  }

  /// Magic, version, the length of what follows, and a Python dictionary filled up with spaces.
  private var header: Data {
    let shape = ([count] + row).map { "\($0)," }.joined(separator: " ")
    let text =
      "{'descr': '\(element.rawValue)', 'fortran_order': False, 'shape': (\(shape)), }"
    let start: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
    let length = Self.headerSize - start.count - 2
    precondition(text.utf8.count < length, "NPYWriter: rows of \(row) have too many axes")
    let fill = String(repeating: " ", count: length - 1 - text.utf8.count) + "\n"
    return Data(start + [UInt8(length & 255), UInt8(length >> 8)] + Array((text + fill).utf8))
  }
}
