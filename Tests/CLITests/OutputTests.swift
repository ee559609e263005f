import Foundation
import Testing

@Suite struct OutputTests {
  private let workspace: Workspace

  init() throws { workspace = try TrainedModel.workspace.get() }

  private static let commands = [
    ["models"], ["inspect", "run/model.safetensors"],
    ["predict", "--weights", "run/model.safetensors", "data/val/ant/0.png", "data/val/bee/0.png"],
    ["evaluate", "--weights", "run/model.safetensors", "--data-path", "data", "--json"],
  ]

  @Test(arguments: commands) func aReaderThatHasGoneIsNoError(arguments: [String]) throws {
    let outcome = try workspace.convit(arguments, output: .closedPipe)
    #expect(outcome.status == 0 && outcome.err.isEmpty)
  }

  @Test(arguments: commands) func aFullDiskIsAnError(arguments: [String]) throws {
    let outcome = try workspace.convit(arguments, output: .file("/dev/full"))
    #expect(outcome.status == 1)
    #expect(outcome.err == "convit: standard output: cannot write: No space left on device\n")
  }

  @Test(arguments: commands) func nothingMovesTheCursor(arguments: [String]) throws {
    let outcome = try workspace.convit(arguments)
    #expect(outcome.status == 0 && !outcome.out.isEmpty)
    #expect(!(outcome.out + outcome.err).contains { $0 == "\r" || $0 == "\u{1b}" })
  }

  @Test(arguments: [["--help"], [], ["help"], ["dataset"]]) func helpIsAResult(arguments: [String])
    throws
  {
    let outcome = try workspace.convit(arguments)
    #expect(outcome.status == 0 && outcome.err.isEmpty && outcome.out.hasPrefix("OVERVIEW: "))
    #expect(try workspace.convit(arguments, output: .closedPipe).status == 0)
  }

  @Test func helpOfACommandAndVersion() throws {
    let help = try workspace.convit(["help", "train"])
    #expect(help.status == 0 && help.out.contains("--local-up-to-layer <int>"))
    #expect(try workspace.convit(["train", "-h"]).out == help.out)
    let version = try workspace.convit(["--version"])
    #expect(version.status == 0 && version.out.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
  }
}
