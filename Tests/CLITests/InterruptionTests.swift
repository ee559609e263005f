import Foundation
import Testing

/// What is left of a run that did not come to its end.
@Suite struct InterruptionTests {
  private let workspace: Workspace

  init() throws { workspace = try Workspace() }

  private static let long = [
    "train", "--data-path", "data", "--output-dir", "run", "--input-size", "120", "--patch-size",
    "4", "--heads", "4", "--head-dim", "8", "--batch-size", "1", "--log-every", "1", "--depth", "4",
  ]

  /// Halts a run after its first step, for `action`, and then kills it.
  private func interruptedRun(_ action: @escaping () -> Void = {}) throws -> Outcome {
    let isDue = { (try? workspace.read("run/steps.jsonl").isEmpty) == false }
    return try ConvitProcess.run(
      Self.long, in: workspace.path, interruption: .init(isDue: isDue, action: action))
  }

  @Test func aRunThatEndedNoEpochIsReplaced() throws {
    let stopped = try interruptedRun()
    #expect(stopped.status == 128 + SIGKILL && stopped.out.isEmpty)
    let left = try workspace.listing().filter { $0.hasPrefix("run/") }
    #expect(
      left == ["run/.unfinished", "run/config.yaml", "run/log.jsonl", "run/steps.jsonl"])
    #expect(try workspace.read("run/log.jsonl").isEmpty)
    let again = try workspace.train("run", ["--log-every", "2"])
    #expect(again.err.contains("epoch 1/1"))
    let steps = String(decoding: try workspace.read("run/steps.jsonl"), as: UTF8.self)
    #expect(steps.split(separator: "\n").count == 3 && steps.hasPrefix(#"{"epoch":0,"loss":"#))
  }

  @Test func twoRunsDoNotShareAFolder() throws {
    var second: Outcome?
    let first = try interruptedRun { second = try? workspace.convit(Self.long) }
    #expect(second?.status == 1 && second?.out.isEmpty == true)
    #expect(second?.err == "convit: run: another run is writing to this folder\n")
    #expect(first.status == 128 + SIGKILL)
  }

  @Test func divergenceKeepsItsRecord() throws {
    let outcome = try workspace.convit(
      ["train", "--data-path", "data", "--output-dir", "run"] + Workspace.tiny
        + ["--lr", "1e30", "--log-every", "1"])
    #expect(outcome.status == 1 && outcome.errLines.last?.contains("has diverged") == true)
    #expect(outcome.err.contains("in step 2 (epoch 1, learning rate 7.8125e+27)"))
    #expect(try !workspace.read("run/steps.jsonl").isEmpty)
    #expect(try !workspace.listing().contains("run/model.safetensors"))
  }
}
