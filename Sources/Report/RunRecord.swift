import Files
import Foundation
import Runs
import Symmetry

/// What a run has left in its folder, as far as a page shows it.
///
/// Lines of JSON are passed on as they are; a last line that a crash has cut short is left out.
struct RunRecord {
  let name: String
  let configuration: String
  /// The lines of `log.jsonl`, `steps.jsonl` and `locality.jsonl`; none where there is no file.
  let log, steps, locality: [String]
  let attention: AttentionRecord?
  /// What `convit symmetry` wrote, in JSON, if it did.
  let symmetry: String?

  init(_ folder: String, name: String) throws {
    self.name = name
    try Self.requireRun(folder)
    configuration =
      (try? String(contentsOfFile: "\(folder)/\(RunFiles.configuration)", encoding: .utf8)) ?? ""
    func lines(_ name: String) throws -> [String] {
      try JSONLines("\(folder)/\(name)").objects()
    }
    (log, locality) = (try lines(RunFiles.log), try lines(RunFiles.locality))
    let steps = try lines(RunFiles.steps)
    let stride = max(1, (steps.count + 1999) / 2000)  // more would not be seen
    self.steps = steps.enumerated().filter { $0.offset % stride == 0 }.map(\.element)
    attention = try AttentionRecord("\(folder)/\(RunFiles.attention)")
    symmetry = try Self.symmetry(at: "\(folder)/\(RunFiles.symmetry)")
  }

  private static func symmetry(at path: String) throws -> String? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    do {
      let data = Data(try RegularFile.contents(of: path, maxBytes: 64 << 20))
      return try JSON.text(JSONDecoder().decode(SymmetryReport.self, from: data))
    } catch is DecodingError {
      throw FileError(path: path, reason: "not what convit symmetry writes")
    }
  }

  /// Throws unless a folder has the log of a run.
  static func requireRun(_ folder: String) throws {
    let files = FileManager.default
    guard files.fileExists(atPath: "\(folder)/\(RunFiles.log)") else {
      guard !files.fileExists(atPath: "\(folder)/\(RunFiles.runs)") else {
        throw FileError(path: folder, reason: "a grid, which is shown by itself: give one folder")
      }
      throw FileError(path: folder, reason: "no \(RunFiles.log): not the folder of a run")
    }
  }

  /// What runs are called: the last parts of each path, as many as tell them apart.
  static func names(_ folders: [String]) -> [String] {
    let parts = folders.map { URL(fileURLWithPath: $0).standardizedFileURL.pathComponents }
    for count in 1...max(1, parts.map(\.count).max() ?? 1) {
      let names = parts.map { $0.suffix(count).joined(separator: "/") }
      if Set(names).count == names.count { return names }
    }
    return folders.enumerated().map { "\($0.element) (\($0.offset + 1))" }
  }

  var json: String {
    let attention = attention?.json ?? "null"
    return "{\"name\":\(quoted(name)),\"config\":\(quoted(configuration)),"
      + "\"log\":[\(log.joined(separator: ","))],\"steps\":[\(steps.joined(separator: ","))],"
      + "\"locality\":[\(locality.joined(separator: ","))],\"attention\":\(attention),"
      + "\"symmetry\":\(symmetry ?? "null")}"
  }
}

func quoted(_ text: String) -> String { (try? JSON.text(text)) ?? "\"\"" }
