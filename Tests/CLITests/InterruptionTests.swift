import Foundation
import Testing

/// Runs that signals and full disks bring to an end before their own.
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

  @Test func aRunThatSavedNothingIsReplaced() throws {
    let stopped = try interruptedRun()
    #expect(stopped.status == 128 + SIGKILL && stopped.out.isEmpty)
    let left = try workspace.listing().filter { $0.hasPrefix("run/") }
    #expect(
      left == ["run/.unfinished", "run/config.yaml", "run/log.jsonl", "run/steps.jsonl"])
    #expect(try workspace.read("run/log.jsonl").isEmpty)
    let again = try workspace.train("run", ["--log-every", "2", "--resume", "auto"])
    #expect(again.err.contains("epoch 1/1") && !again.err.contains("resum"))
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
    #expect(outcome.status == 1)
    #expect(outcome.err.contains("in step 2 (epoch 1, learning rate 7.8125e+27)"))
    #expect(
      outcome.errLines.last?.hasSuffix("has diverged; images and norms are in run/nonfinite.json")
        == true)
    #expect(try !workspace.read("run/steps.jsonl").isEmpty)
    #expect(try !workspace.listing().contains("run/model.safetensors"))
  }

  /// Six steps an epoch, of which every second is saved.
  private static func steps(epochs: Int) -> [String] {
    Workspace.flags(
      ["train", "--data-path", "data", "--output-dir", "run"] + Workspace.tiny,
      replacedBy: ["--epochs", "\(epochs)", "--input-size", "24", "--lr", "1e-3", "--drop", "0.1"])
      + ["--log-every", "1", "--save-every-steps", "2", "--resume", "auto"]
  }

  /// How many steps the run has logged.
  private func lines() -> Int {
    ((try? workspace.read("run/steps.jsonl")) ?? Data()).count { $0 == UInt8(ascii: "\n") }
  }

  /// A start that gets a signal when some more steps are logged.
  private func start(_ arguments: [String], steps: Int, signal: Int32) throws -> Outcome {
    let before = lines()
    return try ConvitProcess.run(
      arguments, in: workspace.path,
      interruption: .init(isDue: { lines() >= before + steps }, signal: signal))
  }

  /// At a rate at which no accuracy changes.
  @Test func aTimeBudgetAndAnEarlyEndSayWhy() throws {
    let still = Workspace.flags(
      ["train", "--data-path", "data", "--output-dir", "budget", "--resume", "auto"]
        + Workspace.tiny,
      replacedBy: ["--lr", "1e-12", "--sched", "constant", "--warmup-epochs", "0"])
    let stopped = try workspace.convit(
      Workspace.flags(still, replacedBy: ["--epochs", "100000", "--time-budget", "2s"]))
    #expect(stopped.status == 75)
    #expect(
      stopped.errLines.last?.hasPrefix(
        "convit: budget: the time budget of 2s leaves no time for more: stopped and saved after")
        == true)
    let early = Workspace.flags(
      still, replacedBy: ["--epochs", "50", "--early-stop", "2", "--output-dir", "early"])
    let ended = try workspace.convit(early)
    let reason = "ended early after epoch 3 of 50: no better accuracy than "
    #expect(ended.status == 0 && ended.errLines.last?.hasPrefix(reason) == true)
    let again = try workspace.convit(early)
    #expect(again.status == 0 && again.errLines[0].hasPrefix("note: " + reason))
    #expect(again.errLines.last == "nothing to do: the run has ended, after 3 epochs")
  }

  /// Scripts/runs/kill_loop.py in small.
  @Test func aKilledRunEndsInTheSameBits() throws {
    let run = Self.steps(epochs: 5)
    for threads in ["2", "1", "3"] {
      let killed = try start(run + ["--threads", threads], steps: 5, signal: SIGKILL)
      #expect(killed.status == 128 + SIGKILL)
    }
    #expect(try workspace.convit(run).status == 0)
    let finished = try workspace.convit(run)
    #expect(finished.status == 0)
    #expect(finished.errLines == ["nothing to do: the run has ended, after 5 epochs"])
    let alone = Workspace.flags(run, replacedBy: ["--output-dir", "alone"])
    #expect(try workspace.convit(alone).status == 0)
    for name in ["model", "best", "checkpoint"].map({ $0 + ".safetensors" }) + ["steps.jsonl"] {
      #expect(try workspace.read("run/\(name)") == workspace.read("alone/\(name)"), "\(name)")
    }
    let logs = try ["run", "alone"].map { run in
      String(decoding: try workspace.read("\(run)/log.jsonl"), as: UTF8.self)
        .replacing(/"seconds":[^,]*/, with: "")
    }
    #expect(logs[0] == logs[1] && logs[0].split(separator: "\n").count == 5)
  }

  @Test func signalsStopARunAfterItsStep() throws {
    var arguments = Self.steps(epochs: 1000)
    var place: (step: Substring, epoch: Substring)?
    for signal in [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2] {
      let stopped = try start(arguments, steps: 1, signal: signal)
      #expect(stopped.status == 75, "signal \(signal)")
      if let place {
        #expect(
          stopped.err.contains("resumes: epoch \(place.epoch), after its step \(place.step)\n"))
      }
      let line =
        /convit: run: stopped and saved after step (\d+) of epoch (\d+); --resume run resumes it/
      let last = try #require(
        try line.wholeMatch(in: stopped.errLines.last ?? ""), "\(stopped.err)")
      #expect((Int(last.2) ?? 0) * 6 - 6 + (Int(last.1) ?? 0) == lines())
      place = (last.1, last.2)
      arguments = ["train", "--resume", "run"]  // the run itself says all that is needed
    }
    try workspace.expectFailure(
      arguments + ["--lr", "0.5"],
      ["run/checkpoint.safetensors: the run began with other settings: lr is 0.5 instead of 0.001"])
  }

  /// A limit on the size of files stands for a full disk: the error of the write is another.
  @Test(.disabled(if: ConvitProcess.isUnderTSan, "which does not bear the limit"))
  func aFullDiskKeepsTheCheckpoint() throws {
    let run = ["--sched", "constant", "--resume", "auto"]
    try workspace.train("run", run)
    let before = try workspace.read("run/checkpoint.safetensors")
    let outcome = try ConvitProcess.run(
      Workspace.flags(
        ["train", "--data-path", "data", "--output-dir", "run"] + Workspace.tiny,
        replacedBy: run + ["--epochs", "2"]), in: workspace.path, fileLimit: before.count - 1)
    #expect(outcome.status == 1)
    let line = try #require(outcome.errLines.last)
    #expect(
      line.hasPrefix("convit: run/checkpoint.safetensors: cannot write: File too large ("))
    #expect(line.contains(/\(\d+ bytes are needed, \d+ were free\)/))
    #expect(try workspace.read("run/checkpoint.safetensors") == before)
    #expect(try !workspace.listing().contains { $0.hasSuffix(".tmp") })
    try workspace.train("run", run + ["--epochs", "2"])
    try workspace.train("alone", run + ["--epochs", "2"])
    let (model, other) = ("run/model.safetensors", "alone/model.safetensors")
    #expect(try workspace.read(model) == workspace.read(other))
  }

  @Test func aSecondInterruptEndsItAtOnce() throws {
    // Batches of all images: the first step takes long.
    let arguments = Workspace.flags(Self.long, replacedBy: ["--batch-size", "24"])
    let isDue = { (try? workspace.read("run/steps.jsonl")) != nil }
    let outcome = try ConvitProcess.run(
      arguments, in: workspace.path,
      interruption: .init(isDue: isDue, signal: SIGINT, isRepeated: true))
    #expect(outcome.status == 128 + SIGINT)
    #expect(try !workspace.listing().contains("run/checkpoint.safetensors"))
  }
}
