import Foundation

@testable import Images

/// The clips of Fixtures/clips and what others read from them; made by make_clips.py.
struct ClipFixture: Decodable {
  let width: Int
  let height: Int
  let rate: Double?
  let frames: [Data]

  static let directory = Bundle.module.resourcePath.map { $0 + "/Fixtures/clips" } ?? ""

  static let all: [String: ClipFixture] = {
    let manifest = FileManager.default.contents(atPath: directory + "/manifest.json")
    return manifest.flatMap { try? JSONDecoder().decode([String: ClipFixture].self, from: $0) }
      ?? [:]
  }()

  /// Those that need a program.
  private static let videos: Set = ["deep.y4m", "mpeg4.avi", "mpeg4.mp4", "vp8.webm"]

  static let hasPrograms =
    PipedProgram.path(of: "ffmpeg") != nil && PipedProgram.path(of: "ffprobe") != nil

  /// The names of all that can be read on this machine.
  static let names = all.keys.filter { hasPrograms || !videos.contains($0) }.sorted()

  static func path(_ name: String) -> String { "\(directory)/\(name)" }

  static func bytes(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(fileURLWithPath: path(name))))
  }
}

/// A clip as its frames, all of them decoded in order.
func allFrames(_ path: String, _ decoder: ClipDecoder = ClipDecoder()) throws -> [RGBImage] {
  let clip = try decoder.open(path)
  return try (0..<clip.count).map { try clip.frame(at: $0) }
}

/// The text of the error that reading all frames of a clip throws, or "no error".
func clipError(_ path: String, _ decoder: ClipDecoder = ClipDecoder()) -> String {
  do {
    _ = try allFrames(path, decoder)
    return "no error"
  } catch { return "\(error)" }
}

extension TemporaryFolder {
  /// A script that can be run. Another program writes it: a child that is started just then by
  /// another test would have it open for writing, and a file that is cannot be run.
  func writeProgram(_ name: String, _ script: String) throws {
    try write(name + ".sh", Array(script.utf8))
    let copy = try Process.run(
      URL(fileURLWithPath: "/bin/cp"), arguments: ["\(path)/\(name).sh", "\(path)/\(name)"])
    copy.waitUntilExit()
    chmod("\(path)/\(name)", 0o755)
  }

  /// The text of the error that reading `bytes` as a clip throws, without the path before it.
  func clipError(_ bytes: [UInt8], _ decoder: ClipDecoder = ClipDecoder()) throws -> String {
    try write("x", bytes)
    let text = ImagesTests.clipError("\(path)/x", decoder)
    return text.hasPrefix("\(path)/x: ") ? String(text.dropFirst(path.count + 4)) : text
  }
}
