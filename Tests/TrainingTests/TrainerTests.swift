import Autodiff
import ConViT
import Foundation
import Testing
import Training

@Suite struct TrainerTests {
  /// Forty steps of AdamW against PyTorch in double precision. Single precision alone moves the
  /// losses by 2e-7; leaving out the weight decay, or decaying everything, moves them by 3e-4.
  @Test func lossesArePyTorchs() throws {
    let fixture = try TrainingFixture()
    try Trainer(fixture.configuration()).run()
    let steps: [StepRecord] = try fixture.lines("steps.jsonl")
    #expect(steps.map(\.step) == Array(0..<40))
    for (ours, theirs) in zip(steps, fixture.curve.float64.losses) {
      #expect(abs(ours.loss / theirs - 1) < 2e-5, "step \(ours.step)")
    }
    let epochs: [EpochRecord] = try fixture.lines("log.jsonl")
    let last = try #require(epochs.last)
    #expect(epochs.count == 5 && last.trainLr == 1e-3)
    #expect(abs(last.testLoss / fixture.curve.float64.validation_loss - 1) < 2e-5)
    #expect(abs(last.testAcc1 - fixture.curve.float64.validation_accuracy) < 1e-9)
  }

  @Test func aWrongDecayIsNoticed() throws {
    let fixture = try TrainingFixture()
    var configuration = try fixture.configuration()
    configuration.weightDecay = 0
    try Trainer(configuration).run()
    let steps: [StepRecord] = try fixture.lines("steps.jsonl")
    let worst = zip(steps, fixture.curve.float64.losses).map { abs($0.loss / $1 - 1) }.max() ?? 0
    #expect(worst > 1e-4)
  }

  /// Dropout, stochastic depth, shuffling, repeated and random crops: 21 steps of it have the same
  /// bits on one thread, on two and on three, however many read images, and with recomputation.
  @Test func weightsHaveTheSameBitsForAnyNumberOfThreads() throws {
    let fixture = try TrainingFixture()
    var configuration = try fixture.configuration()
    (configuration.epochs, configuration.shardSize, configuration.clipGrad) = (3, 3, 1)
    (configuration.drop, configuration.dropPath, configuration.shuffle) = (0.1, 0.2, true)
    (configuration.augment, configuration.repeatedAug) = (true, true)
    var results: [[Tensor]] = []
    for (threads, workers) in [(1, 0), (2, 1), (3, 3)] {
      configuration.threads = threads
      configuration.numWorkers = workers
      configuration.outputDir = fixture.folder + "/run\(threads)"
      results.append(try Trainer(configuration).run().weights.values)
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
    (configuration.recompute, configuration.outputDir) = (true, fixture.folder + "/recompute")
    #expect(try Trainer(configuration).run().weights.values == results[0])
    configuration.seed = 1
    configuration.outputDir = fixture.folder + "/seed"
    #expect(try Trainer(configuration).run().weights.values != results[0])
  }

  @Test func writesWhatIsNeededToUseTheModel() throws {
    let fixture = try TrainingFixture()
    var configuration = try fixture.configuration()
    configuration.epochs = 1
    let trained = try Trainer(configuration).run()
    let run = fixture.folder + "/run"
    let saved = try SavedModel(contentsOf: run + "/model.safetensors")
    #expect(saved.weights.values == trained.weights.values)
    #expect(saved.classNames == (0..<10).map(String.init))
    #expect(
      try SavedModel(contentsOf: run + "/best.safetensors").weights.values == trained.weights.values
    )
    var effective = try TrainingConfiguration(contentsOf: run + "/config.yaml")
    #expect(effective.shardSize == 8)  // what it came to is written, as it decides about the bits
    effective.shardSize = nil
    #expect(effective == configuration)
    let again = #expect(throws: TrainingError.self) { try Trainer(configuration).run() }
    #expect(again?.message.contains("there is a run in this folder already") == true)
  }

  @Test func aHeadForOtherClassesStartsAnew() throws {
    let fixture = try TrainingFixture()
    var configuration = try fixture.configuration()
    (configuration.epochs, configuration.nbClasses, configuration.lr) = (1, 12, 1e-9)
    var notes: [String] = []
    let trained = try Trainer(configuration).run {
      if case .note(let text) = $0 { notes.append(text) }
    }
    #expect(trained.weights["head.weight"]?.shape == [12, 32])
    #expect(notes.contains { $0.contains("head.weight, head.bias not used") })
  }

  @Test func divergenceStopsTheRun() throws {
    let fixture = try TrainingFixture()
    var configuration = try fixture.configuration()
    configuration.lr = 1e20
    let error = #expect(throws: TrainingError.self) { try Trainer(configuration).run() }
    #expect(error?.message.contains("training has diverged") == true)
  }
}
