import Autodiff
import ConViT
import Foundation
import Testing

@testable import Recipes
@testable import Training

/// Runs that end early, evaluate now and then, or have little time.
@Suite struct EndOfRunTests {
  private let fixture: TrainingFixture

  init() throws { fixture = try TrainingFixture() }

  /// Ten epochs in which no accuracy can change after the first.
  private func still(_ run: String = "run") throws -> TrainingConfiguration {
    var c = try fixture.smallConfiguration(run)
    (c.epochs, c.lr, c.logEvery, c.resume) = (10, 1e-12, 0, "auto")
    return c
  }

  private struct Line: Decodable {
    let epoch: Int
    let test_loss, test_acc1, test_acc5, ema_test_acc1: Double?
    let ended: String?
  }

  /// What a run reports, without steps and evaluations.
  private func events(_ c: TrainingConfiguration, stoppingAfter polls: Int = .max) throws
    -> [String]
  {
    var (count, events) = (0, [String]())
    do {
      try Trainer(c).run { event in
        switch event {
        case .step, .evaluated, .started: break
        case .epoch(let record, _): events.append("epoch \(record.epoch)")
        default: events.append("\(event)")
        }
      } isStopped: {
        count += 1
        return count > polls
      }
    } catch is RunInterrupted {
      events.append("stopped")
    }
    return events
  }

  @Test func endsWhereAccuracyDoesNotGrow() throws {
    var c = try still()
    c.earlyStop = 3
    let reason = "ended early after epoch 4 of 10: no better accuracy than "
    let seen = try events(c)
    try #require(seen.count == 5 && seen[3] == "epoch 3")
    #expect(seen[4].hasPrefix("endedEarly(\"\(reason)") && seen[4].hasSuffix("in 3 evaluations\")"))
    let lines: [Line] = try fixture.lines("log.jsonl")
    #expect(lines.map { $0.ended != nil } == [false, false, false, true])
    #expect(lines[3].ended?.hasPrefix(reason) == true)
    // It has ended, unless it may wait longer.
    let again = try events(c)
    try #require(again.count == 2 && again[0].hasPrefix("note(\"\(reason)"))
    #expect(again[1] == "finished(4)")
    c.earlyStop = 5
    #expect(try events(c).dropLast() == ["epoch 4", "epoch 5"])
    c.earlyStop = nil
    #expect(try events(c) == (6..<10).map { "epoch \($0)" })
  }

  /// What has been waited for is in the checkpoint.
  @Test func aRunThatResumesGoesOnCounting() throws {
    var c = try still()
    c.earlyStop = 3
    // A poll before the first of eight steps, one after each, one after the evaluation.
    #expect(try events(c, stoppingAfter: 23) == ["epoch 0", "epoch 1", "stopped"])
    let path = fixture.folder + "/run/checkpoint.safetensors"
    #expect(try Checkpoint(contentsOf: path).progress.stale == 1)
    #expect(try events(c).dropLast() == ["epoch 2", "epoch 3"])
  }

  /// A checkpoint of before there was such a count.
  @Test func noCountIsNone() throws {
    var snapshot = Snapshot()
    let later = ["stale", "pruning.rounds"]
    for (name, _) in RunProgress.integers where !later.contains(name) {
      snapshot.put(4, as: name)
    }
    for (name, _) in RunProgress.doubles { snapshot.put(0.5, as: name) }
    let progress = try RunProgress(snapshot)
    #expect(progress.stale == 0 && progress.rounds == 0 && progress.epoch == 4)
  }

  @Test func evaluatesNowAndThen() throws {
    var c = try fixture.smallConfiguration("all")
    (c.epochs, c.sched, c.modelEma, c.localityEvery, c.localitySample) = (5, .cosine, true, 1, 8)
    let weights = try Trainer(c).run().weights.values
    (c.evalEvery, c.outputDir) = (2, fixture.folder + "/some")
    #expect(try Trainer(c).run().weights.values == weights)
    let (all, some): ([Line], [Line]) = (
      try fixture.lines("log.jsonl", of: "all"), try fixture.lines("log.jsonl", of: "some")
    )
    let text = try String(contentsOf: fixture.file("some/log.jsonl"), encoding: .utf8)
    for (index, line) in text.split(separator: "\n").enumerated() {
      let isEvaluated = [1, 3, 4].contains(index)  // the last one, too
      #expect(line.contains("test_") == isEvaluated)
      #expect(some[index].test_acc1 == (isEvaluated ? all[index].test_acc1 : nil))
      #expect(some[index].test_loss == (isEvaluated ? all[index].test_loss : nil))
      #expect(some[index].ema_test_acc1 == (isEvaluated ? all[index].ema_test_acc1 : nil))
      #expect(line.contains("nonlocality_0"))
    }
    let locality = try ["all", "some"].map {
      try Data(contentsOf: fixture.file("\($0)/locality.jsonl"))
    }
    #expect(locality[0] == locality[1])
    let path = fixture.folder + "/some/checkpoint.safetensors"
    let best = [1, 3, 4].map { max(all[$0].test_acc1 ?? 0, all[$0].ema_test_acc1 ?? 0) }.max()
    #expect(try Checkpoint(contentsOf: path).progress.best == best)
  }

  /// A plateau, and an early end, know of evaluations alone.
  @Test func evaluationsAreCounted() throws {
    var c = try still()
    (c.evalEvery, c.earlyStop, c.sched, c.minLr, c.patienceEpochs) = (3, 2, .plateau, 0, 4)
    c.epochs = 20
    #expect(try events(c).count == 10)  // nine epochs; evaluations after 3, 6 and 9
    let progress = try Checkpoint(contentsOf: fixture.folder + "/run/checkpoint.safetensors")
      .progress
    #expect((progress.epoch, progress.stale, progress.plateau.badEpochs) == (9, 2, 2))
  }

  @Test func aBudgetLeavesTimeToSave() throws {
    var c = try still()
    (c.epochs, c.timeBudget) = (100_000, 2)
    let begin = ContinuousClock.now
    let stop = #expect(throws: RunInterrupted.self) { try Trainer(c).run() }
    #expect(ContinuousClock.now - begin < .seconds(4))  // 2, and what a busy machine may add
    #expect(stop?.budget == 2)
    #expect(
      stop?.description.contains(": the time budget of 2s leaves no time for more: stopped")
        == true)
    let checkpoint = try Checkpoint(contentsOf: fixture.folder + "/run/checkpoint.safetensors")
    #expect(checkpoint.progress == stop?.progress)
    #expect(checkpoint.configuration.timeBudget == nil)  // of one start
    #expect(
      try TrainingConfiguration(contentsOf: fixture.folder + "/run/config.yaml").timeBudget == 2)
    (c.epochs, c.timeBudget) = (checkpoint.progress.epoch + 1, 3600)
    #expect(try events(c).last == "epoch \(checkpoint.progress.epoch)")
  }

  /// A budget of 100 seconds, 10 of which were over before the first step.
  @Test func theClockLooksAhead() {
    let begin = ContinuousClock.now
    var clock = BudgetClock(
      100, from: begin, now: begin + .seconds(10), checkpointBytes: 500_000_000)  // 5 seconds
    // The longest piece is 20: the next might last until 94.
    let isEarly = [20, 40, 60, 74].map { clock.isUp(at: begin + .seconds($0)) }
    #expect(isEarly == [false, false, false, false])
    var slow = clock
    slow.saved(in: .seconds(7))
    let (isUp, isSooner) = (
      clock.isUp(at: begin + .seconds(75)), slow.isUp(at: begin + .seconds(74))
    )
    #expect(isUp && isSooner)
  }

  @Test func timesAreRead() throws {
    let times = [
      ("3600", "1h", 3600), ("90m", "1h30m", 5400), ("2h", "2h", 7200), ("45s", "45s", 45),
      ("1d2h3m4s", "1d2h3m4s", 93_784), ("1h30m", "1h30m", 5400), ("0", "0s", 0),
    ]
    for (text, shown, seconds) in times {
      let budget = try #require(TimeBudget(text), "\(text)")
      #expect(budget.seconds == seconds && "\(budget)" == shown && TimeBudget(shown) == budget)
    }
    for text in [
      "", "h", "-5", "+5", "5x", "1.5h", "30m1h", "2h30", " 2h", "5000d", "-1h", "1h-1m",
    ] {
      #expect(TimeBudget(text) == nil, "\(text)")
    }
  }
}
