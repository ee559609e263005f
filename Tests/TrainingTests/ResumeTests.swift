import Autodiff
import ConViT
import Foundation
import Runs
import Testing
import Training

@testable import Recipes

/// Runs that are stopped and resumed, against one that was left alone.
@Suite struct ResumeTests {
  private let fixture: TrainingFixture

  init() throws { fixture = try TrainingFixture() }

  /// Three epochs of eight steps, with everything that draws random numbers.
  private func configuration(_ run: String) throws -> TrainingConfiguration {
    var c = try fixture.smallConfiguration(run)
    (c.epochs, c.clipGrad, c.drop, c.dropPath) = (3, 1, 0.1, 0.2)
    (c.shuffle, c.augment, c.repeatedAug, c.resume) = (true, true, true, "auto")
    (c.sched, c.schedOnUpdates, c.saveEvery) = (.cosine, true, 2)
    (c.localityEvery, c.localitySample) = (2, 3)
    return c
  }

  /// What must be the same, whatever happened to a run: the seconds of log.jsonl are the clock's.
  private func results(_ run: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in ["model", "best", "checkpoint", "model_0000", "model_0002"] {
      files[name] = try Data(contentsOf: fixture.file("\(run)/\(name).safetensors"))
    }
    for name in [
      "locality.jsonl", "attention/index.json", "attention/0-3.png", "attention/3-0.png",
    ] {
      files[name] = try Data(contentsOf: fixture.file("\(run)/\(name)"))
    }
    files["steps.jsonl"] = try Data(contentsOf: fixture.file("\(run)/steps.jsonl"))
    let log = try String(contentsOf: fixture.file("\(run)/log.jsonl"), encoding: .utf8)
    files["log.jsonl"] = Data(log.replacing(/"seconds":[^,]*/, with: "").utf8)
    return files
  }

  /// Trains until `isStopped` has said yes once, or to the end; returns where it stopped.
  @discardableResult
  private func train(
    _ configuration: TrainingConfiguration, stoppingAfter polls: Int = .max
  ) throws -> RunProgress? {
    var count = 0
    do {
      try Trainer(configuration).run {
        _ in
      } isStopped: {
        count += 1
        return count > polls
      }
      return nil
    } catch let interruption as RunInterrupted {
      return interruption.progress
    }
  }

  /// Stopped before its first step, inside of epochs, at their end, in evaluations; with other
  /// threads and workers each time.
  @Test func goesOnToTheSameBits() throws {
    try train(configuration("alone"))
    var stopped = try configuration("stopped")
    var places: [[Int]] = []
    for (start, polls) in [0, 5, 3, 2, 9, 4, 6, .max].enumerated() {
      (stopped.threads, stopped.numWorkers) = (1 + start % 3, start % 2)
      guard let place = try train(stopped, stoppingAfter: polls) else { break }
      places.append([place.epoch, place.step])
    }
    #expect(places == [[0, 0], [0, 4], [0, 7], [0, 8], [1, 6], [1, 8], [2, 2]])
    let (alone, resumed) = (try results("alone"), try results("stopped"))
    for (name, data) in alone { #expect(resumed[name] == data, "\(name)") }
  }

  /// What a crash leaves behind the checkpoint: lines that will be written again, and a torn one.
  @Test func linesAfterTheCheckpointAreCut() throws {
    try train(configuration("alone"))
    try train(configuration("run"), stoppingAfter: 11)
    let (log, steps) = (fixture.file("run/log.jsonl"), fixture.file("run/steps.jsonl"))
    let whole = try Data(contentsOf: fixture.file("alone/steps.jsonl"))
    try whole.prefix(whole.count - 30).write(to: steps)
    try (Data(contentsOf: fixture.file("alone/log.jsonl")) + Data(#"{"epo"#.utf8)).write(to: log)
    for name in ["checkpoint", "model"] {
      try Data("torn".utf8).write(to: fixture.file("run/\(name).safetensors.tmp"))
    }
    try train(configuration("run"))
    #expect(try results("run") == results("alone"))
    let names = try FileManager.default.contentsOfDirectory(atPath: fixture.folder + "/run")
    #expect(!names.contains { $0.hasSuffix(".tmp") })
  }

  @Test func aFinishedRunSaysSo() throws {
    var c = try configuration("run")
    c.epochs = 1
    try train(c)
    let before = try Data(contentsOf: fixture.file("run/log.jsonl"))
    var events: [String] = []
    let saved = try Trainer(c).run { events.append("\($0)") }
    #expect(events == ["finished(1)"])
    #expect(
      try SavedModel(contentsOf: fixture.folder + "/run/model.safetensors").weights.values
        == saved.weights.values)
    #expect(try Data(contentsOf: fixture.file("run/log.jsonl")) == before)
    c.resume = nil
    let error = #expect(throws: TrainingError.self) { try Trainer(c) }
    #expect(error?.message.contains("resume it by --resume auto, or choose") == true)
    // Longer than it was to be.
    (c.resume, c.epochs) = (fixture.folder + "/run", 2)
    events = []
    try Trainer(c).run { events.append("\($0)") }
    #expect(events.first?.contains("epochs is 2 instead of 1: from here on, rates") == true)
    let epochs: [EpochRecord] = try fixture.lines("log.jsonl")
    #expect(epochs.map(\.epoch) == [0, 1])
  }

  @Test func aCheckpointOfLongAgo() throws {
    try train(configuration("alone"))
    var c = try configuration("run")
    try train(c, stoppingAfter: 6)
    let early = fixture.file("run/early.safetensors")
    try FileManager.default.copyItem(at: fixture.file("run/checkpoint.safetensors"), to: early)
    try train(c, stoppingAfter: 10)
    c.resume = early.path
    // Stopped at once, before it would write a checkpoint of its own accord.
    let started = try Trainer(c)
    #expect(throws: CancellationError.self) { try started.run { _ in throw CancellationError() } }
    c.resume = "auto"
    #expect(try train(c, stoppingAfter: 0)?.step == 5)
    try train(c)
    #expect(try results("run") == results("alone"))
  }
}
