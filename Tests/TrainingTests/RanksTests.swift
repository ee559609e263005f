import Autodiff
import Files
import Foundation
import Images
import Locality
import Runs
import Testing
import Training

@testable import Recipes

/// Runs of several processes, which are threads here, against those of one.
@Suite struct RanksTests {
  private let fixture: TrainingFixture

  init() throws { fixture = try TrainingFixture() }

  /// Steps of 24 images with everything that draws random numbers, of which an epoch has ten and
  /// one of 16.
  private func configuration(_ run: String, batchSize: Int) throws -> TrainingConfiguration {
    var c = try fixture.smallConfiguration(run)
    (c.batchSize, c.epochs, c.clipGrad, c.drop, c.dropPath) = (batchSize, 2, 1, 0.1, 0.2)
    (c.shuffle, c.augment, c.mixup, c.cutmix, c.modelEma) = (true, true, 0.8, 1, true)
    (c.threads, c.resume, c.localityEvery, c.localitySample) = (1, "auto", 1, 7)
    return c
  }

  private func train(
    _ ranks: Int, _ c: TrainingConfiguration, stoppingAfter polls: Int = .max
  ) -> [Result<[Float], any Error>] {
    ThreadGroup.map(ranks) { group in
      var count = 0
      let trainer = try Trainer(c, in: group)
      let saved = try trainer.run {
        _ in
      } isStopped: {
        count += 1
        return group.rank == ranks - 1 && count > polls
      }
      return saved.weights.values.flatMap(\.elements)
    }
  }

  private func losses(_ run: String) throws -> [Double] {
    try JSONLines(fixture.file("\(run)/steps.jsonl").path).all().map { (line: StepRecord) in
      line.loss
    }
  }

  private func epochs(_ run: String) -> [EpochRecord] {
    RunFolder.records(of: fixture.file(run).path)
  }

  /// What is measured about the heads, after the epochs and at the start.
  private func heads(_ run: String) throws -> [Double] {
    let lines: [LocalityRecord] = try JSONLines(fixture.file("\(run)/locality.jsonl").path).all()
    return lines.flatMap { line in
      [Double(line.report.images)]
        + line.report.layers.flatMap { $0.nonlocality.compactMap(\.self) }
    }
  }

  private func expectClose(_ a: [Double], _ b: [Double], within tolerance: Double = 1e-5) {
    #expect(a.count == b.count && !a.isEmpty)
    for (a, b) in zip(a, b) { #expect(abs(a - b) <= tolerance * abs(b)) }
  }

  @Test func anySplitIsTheSameRun() throws {
    _ = try train(1, configuration("one", batchSize: 24))[0].get()
    let one = epochs("one")
    for (ranks, batchSize) in [(1, 8), (2, 12), (3, 8), (4, 6), (2, 4)] {
      let run = "\(ranks)x\(batchSize)"
      var c = try configuration(run, batchSize: batchSize)
      c.globalBatchSize = 24
      let weights = try train(ranks, c).map { try $0.get() }
      #expect(weights.allSatisfy { $0 == weights[0] }, "the processes agree on the weights")
      expectClose(try losses(run), try losses("one"))
      expectClose(try heads(run), try heads("one"))
      for (epoch, expected) in zip(epochs(run), one) {
        #expect(epoch.testAcc1 == expected.testAcc1 && epoch.testAcc5 == expected.testAcc5)
        #expect(epoch.emaTestAcc1 == expected.emaTestAcc1)
        expectClose([try #require(epoch.testLoss)], [try #require(expected.testLoss)])
      }
      #expect(epochs(run).count == 2)
    }
  }

  @Test func imagesThatCannotBeReadAreLeftOutByAll() throws {
    func skipping(_ run: String, batchSize: Int) throws -> TrainingConfiguration {
      var c = try configuration(run, batchSize: batchSize)
      (c.onBadImage, c.maxBad, c.globalBatchSize, c.mixupMode) = (.skip, 4, 24, .pair)
      for split in ["train", "val"] {
        let folder = try #require(c.dataPath) + "/\(split)/3"
        for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted().prefix(2) {
          try Data().write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
      }
      return c
    }
    _ = try train(1, skipping("one", batchSize: 24))[0].get()
    #expect(epochs("one").map(\.badImages) == [4, 4])
    for (ranks, batchSize) in [(1, 8), (2, 12), (3, 4)] {
      let run = "\(ranks)x\(batchSize)"
      _ = try train(ranks, skipping(run, batchSize: batchSize))[0].get()
      expectClose(try losses(run), try losses("one"))
      #expect(epochs(run).map(\.badImages) == epochs("one").map(\.badImages))
      #expect(epochs(run).map(\.testAcc1) == epochs("one").map(\.testAcc1))
    }
    var strict = try skipping("strict", batchSize: 12)
    strict.maxBad = 1
    for result in train(2, strict) {
      let error = #expect(throws: TrainingError.self) { try result.get() }
      #expect(error?.message.contains("cannot be read, max-bad allows 1") == true)
    }
  }
  @Test func erasingSparesTheFirstHalfOfTheStep() throws {
    for (ranks, batchSize) in [(1, 24), (1, 8), (2, 12)] {
      var c = try configuration("\(ranks)x\(batchSize)", batchSize: batchSize)
      (c.mixup, c.cutmix, c.globalBatchSize, c.epochs) = (0, 0, 24, 1)
      (c.reprob, c.resplit) = (1, true)
      _ = try train(ranks, c)[0].get()
      expectClose(try losses("\(ranks)x\(batchSize)"), try losses("1x24"))
    }
  }

  @Test func theStepIsOfAllBatchesAndTheRateWithIt() throws {
    var c = try configuration("own", batchSize: 12)
    (c.epochs, c.unscaleLr) = (1, false)
    _ = try train(2, c)[0].get()
    var whole = try configuration("whole", batchSize: 24)
    (whole.epochs, whole.unscaleLr) = (1, false)
    _ = try train(1, whole)[0].get()
    expectClose(try losses("own"), try losses("whole"))
    #expect(epochs("own").map(\.trainLr) == epochs("whole").map(\.trainLr))
  }

  @Test func theBitsAreThoseOfTheNumberOfRanks() throws {
    var first: [Float]?
    for threads in [1, 3] {
      var c = try configuration("threads\(threads)", batchSize: 12)
      c.threads = threads
      let weights = try train(2, c)[1].get()
      #expect(weights == first ?? weights)
      first = weights
    }
  }

  @Test func aCheckpointGoesOnWithAnotherNumber() throws {
    let one = try train(1, configuration("one", batchSize: 24))[0].get()
    for (before, after) in [(1, 2), (4, 1), (2, 4), (2, 5)] {
      let run = "\(before)to\(after)"
      let c = try configuration(run, batchSize: 24 / before)
      for result in train(before, c, stoppingAfter: 5) {
        #expect(throws: RunInterrupted.self) { try result.get() }
      }
      let found = try Checkpoint.requested(by: c)
      var rest = try #require(found.checkpoint).configuration
      (rest.dataPath, rest.resume, rest.threads) = (c.dataPath, fixture.file(run).path, 1)
      let weights = try train(after, rest)[0].get()
      expectClose(try losses(run), try losses("one"))
      #expect(zip(weights, one).allSatisfy { abs($0 - $1) < 1e-4 })
    }
  }

  @Test func anErrorOfOneIsToldToAll() throws {
    let c = try configuration("bad", batchSize: 12)
    let results = ThreadGroup.map(2) { group in
      var own = c
      if group.rank == 1 { own.seed = 7 }
      _ = try Trainer(own, in: group)
    }
    for result in results {
      let error = #expect(throws: TrainingError.self) { try result.get() }
      #expect(error?.message.contains("rank 1 on") == true)
      #expect(error?.message.contains("'seed: 7' instead of 'seed: 0'") == true)
    }
    let missing = ThreadGroup.map(2) { group in
      var own = c
      if group.rank == 1 { own.dataPath = "/nowhere" }
      _ = try Trainer(own, in: group)
    }
    let texts = missing.map { result in
      do { return "\(try result.get())" } catch { return "\(error)" }
    }
    #expect(texts[0] == "rank 1: \(texts[1])" && texts[1].contains("/nowhere"))
  }

  /// In a loop of one's own: weights would differ from there on.
  @Test func batchesOfDifferentSizesAreAnError() {
    let results = ThreadGroup.map(2) { group in
      let net = NewcomerTests.Net()
      var learner = Learner(net, ParameterStore(net, seed: 0), Recipe { AdamW($0) }, in: group)
      let count = 1 + group.rank
      let labels = [Int](repeating: 0, count: count)
      let batch = Batch(inputs: Tensor(repeating: 0, [count, 3, 32, 32]), labels: labels)
      try learner.step(batch, epoch: 0, rate: 1e-3, on: WorkerPool(threads: 1))
    }
    for result in results {
      let error = #expect(throws: TrainingError.self) { try result.get() }
      #expect(error?.message.contains("rank 1 gives another number of examples") == true)
    }
  }

  @Test func aStepTooSmallForAllIsRefused() throws {
    var c = try configuration("few", batchSize: 24)
    c.globalBatchSize = 24
    let text = train(2, c).map { result in
      do { return "\(try result.get())" } catch { return "\(error)" }
    }
    #expect(
      text[0]
        == "a step of 24 images (global-batch-size) is 1 batch of batch-size 24, and there are "
        + "2 ranks: give --batch-size 12")
  }

  @Test func partsHoldPairsTogether() {
    for count in 1...30 {
      for size in 1...9 {
        for isPaired in [false, true] {
          let parts = StepParts(count, batchSize: size, isPaired: isPaired)
          for processes in 1...4 {
            let places = (0..<processes).map { parts.places(of: $0, of: processes) }
            #expect(places.flatMap(\.self).sorted() == Array(0..<count))
            #expect(places.allSatisfy { $0.isEmpty || $0.count >= places.last!.count })
          }
          guard isPaired, count > size else { continue }
          for part in 0..<parts.parts {
            let own = parts.places(of: part, of: parts.parts)
            #expect(own.count <= max(size, 2))
            for (place, mirrored) in zip(own, own.reversed()) {
              #expect(place + mirrored == count - 1)
            }
          }
        }
      }
    }
  }
}
