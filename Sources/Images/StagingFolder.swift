import Files
import Foundation

/// A hidden folder beside an output, in which the output is made before it takes its place.
///
/// It is named after the process, so that the folders of killed ones can be told and removed.
struct StagingFolder {
  let path: String
  private let prefix: String

  /// Makes the folder that is to become `output`, and the folders that `output` is in.
  init(for output: String) throws {
    let url = URL(fileURLWithPath: output).standardizedFileURL
    let parent = url.deletingLastPathComponent().path
    let name = ".\(url.lastPathComponent).partial-"
    prefix = "\(parent)/\(name)"
    path = prefix + String(getpid())
    try makeFolders(parent)
    let siblings = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
    for sibling in siblings where sibling.hasPrefix(name) {
      guard let process = Int32(sibling.dropFirst(name.count)), process > 0 else { continue }
      if process == getpid() || (kill(process, 0) != 0 && errno == ESRCH) {
        try? FileManager.default.removeItem(atPath: "\(parent)/\(sibling)")
      }
    }
    try makeFolders(path)
  }

  func makeFolder(_ name: String) throws { try makeFolders("\(path)/\(name)") }

  /// Takes the place of `output`; a folder that is there goes when the new one has its name.
  func become(_ output: String) throws {
    let output = URL(fileURLWithPath: output).standardizedFileURL.path
    let old = path + ".old"
    let replaces = FileManager.default.fileExists(atPath: output)
    if replaces { try move(output, to: old) }
    do {
      try move(path, to: output)
    } catch {
      if replaces { try move(old, to: output) }
      throw error
    }
    if replaces { try? FileManager.default.removeItem(atPath: old) }
  }

  /// Removes it with what is in it, if it has not become the output.
  func remove() { try? FileManager.default.removeItem(atPath: path) }

  private func move(_ from: String, to: String) throws {
    guard rename(from, to) == 0 else {
      throw DatasetError(path: to, cannot: "rename \(from) to this")
    }
  }
}

/// Makes a folder and those it is in, where they are not there yet.
private func makeFolders(_ path: String) throws {
  if FolderIdentity(path: path) != nil { return }
  let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
  if parent != path { try makeFolders(parent) }
  guard mkdir(path, 0o777) != 0 else { return }
  let code = errno
  guard code == EEXIST, FolderIdentity(path: path) != nil else {  // someone else has just made it
    throw DatasetError(FileError(path: path, cannot: "make the folder", code: code))
  }
}
