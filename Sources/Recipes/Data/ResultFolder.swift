import Autodiff
import Files
import Foundation
import Training

/// A folder in which a call leaves its own results and none of an earlier call.
///
/// A JSON file in it, the record, names these files, so that the next call knows which ones it may
/// remove; other files stay. They are first made in a hidden folder within. Only when all
/// are there, the earlier ones go and then the new ones come: a call that is killed leaves files of
/// one call, perhaps not all, and never of two.
package struct ResultFolder: Sendable {
  package let staging: String
  private let path, recordName: String
  private let isName: @Sendable (String) -> Bool  // of a file that such calls make
  private let earlier: Set<String>
  private let lock: FolderLock

  private struct Record: Codable { let files: [String] }

  package init(
    _ path: String, record: String, isName: @escaping @Sendable (String) -> Bool
  ) throws {
    (self.path, recordName, self.isName) = (path, record, isName)
    staging = "\(path)/.\(record).partial"
    _ = try OutputFolder(path)
    _ = try OutputFolder(staging)
    lock = try FolderLock(staging, holder: "another call")
    do {
      earlier = try Self.earlier(in: path, record: record, isName)
      for name in try FileManager.default.contentsOfDirectory(atPath: staging) {
        try Self.remove("\(staging)/\(name)")  // of a call that was killed
      }
    } catch {
      try? FileManager.default.removeItem(atPath: staging)
      throw error
    }
  }

  private static func earlier(
    in path: String, record: String, _ isName: (String) -> Bool
  ) throws -> Set<String> {
    let files = FileManager.default
    let known = "\(path)/\(record)"
    var earlier: Set<String> = []
    if files.fileExists(atPath: known) {
      guard let data = files.contents(atPath: known),
        let found = try? JSONDecoder().decode(Record.self, from: data)
      else {
        throw TrainingError(
          "\(known): not a list of files that this command wrote; name another folder")
      }
      earlier = Set(found.files.filter(isName))
    }
    let here = try files.contentsOfDirectory(atPath: path).sorted()
    if let foreign = here.first(where: { isName($0) && !earlier.contains($0) }) {
      throw TrainingError(
        "\(path)/\(foreign): \(record) does not name it as a file of an earlier call; "
          + "remove it or name another folder")
    }
    return earlier
  }

  package func write(_ text: String, to name: String) throws {
    try OutputFolder(staging).write(text, to: name)
  }

  /// Has the files that were made take the place of the earlier ones.
  package func publish(_ record: ([String]) throws -> String) throws {
    let made = try FileManager.default.contentsOfDirectory(atPath: staging).sorted()
    checkPrecondition(
      made.allSatisfy(isName), "ResultFolder: a name of another kind among \(made)")
    let record = try record(made) + "\n"
    // Until all are in place, the record names all that may be there.
    try write(JSON.text(Record(files: earlier.union(made).sorted())), to: recordName)
    try place(recordName)
    for name in earlier { try Self.remove("\(path)/\(name)") }
    for name in made { try place(name) }
    try write(record, to: recordName)
    try place(recordName)
  }

  private func place(_ name: String) throws {
    guard rename("\(staging)/\(name)", "\(path)/\(name)") == 0 else {
      throw FileError(path: "\(path)/\(name)", cannot: "write", code: errno)
    }
  }

  package func discard() { try? FileManager.default.removeItem(atPath: staging) }

  private static func remove(_ path: String) throws {
    guard unlink(path) == 0 || errno == ENOENT else {
      throw FileError(path: path, cannot: "remove", code: errno)
    }
  }
}
