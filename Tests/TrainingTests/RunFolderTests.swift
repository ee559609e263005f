import Foundation
import Runs
import Testing

@testable import Recipes

@Suite struct RunFolderTests {
  /// A run that was killed between the weights of its first epoch and the checkpoint begins anew.
  @Test func weightsWithoutACheckpointAreReplaced() throws {
    let folder = NSTemporaryDirectory() + "run-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(name)") }
    do {
      _ = try RunFolder(creating: folder)
    }
    for name in [RunFiles.model, RunFiles.best] {
      try Data().write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
    do {
      _ = try RunFolder(creating: folder)
    }
    #expect(has(RunFiles.unfinished) && !has(RunFiles.model) && !has(RunFiles.best))
    // Weights of a run that has saved something stay, as do those of others.
    for (kept, marker) in [(RunFiles.previousCheckpoint, true), (RunFiles.model, false)] {
      try Data().write(to: URL(fileURLWithPath: "\(folder)/\(kept)"))
      if !marker { unlink("\(folder)/\(RunFiles.unfinished)") }
      #expect { try RunFolder.check(folder) } throws: {
        "\($0)".contains("there is a run in this folder already")
      }
      unlink("\(folder)/\(kept)")
    }
  }
}
