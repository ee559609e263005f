import Foundation

/// A folder that a command writes its results to; it is made if it is not there.
public struct OutputFolder: Sendable {
  private let path: String

  /// The folder at a path.
  ///
  /// - Throws: `TrainingError` if it cannot be made.
  public init(_ path: String) throws {
    self.path = path
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      let isTaken = FileManager.default.fileExists(atPath: path)
      let reason = isTaken ? "a file has its name" : String(cString: strerror(errno))
      throw TrainingError("\(path): cannot make the folder: \(reason)")
    }
  }

  /// Writes a file whole, in the place of one that is there.
  ///
  /// - Throws: `TrainingError` if it cannot be written.
  public func write(_ text: String, to name: String) throws {
    let url = URL(fileURLWithPath: "\(path)/\(name)")
    do {
      try Data(text.utf8).write(to: url, options: .atomic)
    } catch {
      throw TrainingError("\(url.path): cannot write: \(error.localizedDescription)")
    }
  }
}
