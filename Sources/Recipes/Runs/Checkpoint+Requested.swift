import Foundation
import Runs
import Training

extension Checkpoint {
  /// A checkpoint to go on from, if any, and what is to be said about it.
  package typealias Requested = (checkpoint: Checkpoint?, notes: [String])

  /// The checkpoint that a configuration's `resume` asks to go on from; none if a new run is to begin.
  ///
  /// `auto` takes the latest one in `outputDir`, or the one before if the latest is damaged. A
  /// folder stands for its latest one, which must be whole.
  package static func requested(by configuration: TrainingConfiguration) throws -> Requested {
    guard let asked = configuration.resume else { return (nil, []) }
    try require(!asked.isEmpty, "resume is empty")
    if asked == "auto" {
      guard let folder = configuration.outputDir, !folder.isEmpty else {
        throw TrainingError(usage: "resume is auto, but output-dir is missing")
      }
      return try latest(in: folder)
    }
    let checkpoint = try named(asked)
    if let folder = configuration.outputDir, !isSame(folder, checkpoint.folder) {
      throw TrainingError(
        usage: "output-dir is \(folder), but a run goes on in its own folder, \(checkpoint.folder)")
    }
    return (checkpoint, [])
  }

  /// The latest checkpoint that is whole, or none if there is none at all.
  private static func latest(in folder: String) throws -> Requested {
    guard RunFolder.hasCheckpoint(folder) else { return (nil, []) }
    do {
      return (try Checkpoint(contentsOf: "\(folder)/\(RunFiles.checkpoint)"), [])
    } catch {
      guard
        let previous = try? Checkpoint(contentsOf: "\(folder)/\(RunFiles.previousCheckpoint)")
      else { throw error }
      return (previous, ["\(error); going on from the checkpoint before, \(previous.path)"])
    }
  }

  /// The checkpoint at a path, or the latest one of the run in the folder at this path.
  private static func named(_ path: String) throws -> Checkpoint {
    var isFolder: ObjCBool = false
    let folder = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) else {
      throw TrainingError("\(path): no such run or checkpoint")
    }
    guard isFolder.boolValue else { return try Checkpoint(contentsOf: path) }
    guard RunFolder.hasCheckpoint(folder) else {
      throw TrainingError("\(path): there is no checkpoint in this folder")
    }
    do {
      return try Checkpoint(contentsOf: "\(folder)/\(RunFiles.checkpoint)")
    } catch {
      let previous = "\(folder)/\(RunFiles.previousCheckpoint)"
      guard (try? Checkpoint(contentsOf: previous)) != nil else { throw error }
      throw TrainingError("\(error); --resume \(previous) goes on from the one before")
    }
  }

  private static func isSame(_ a: String, _ b: String) -> Bool {
    func place(_ path: String) -> String {
      URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
    }
    return place(a) == place(b)
  }
}
