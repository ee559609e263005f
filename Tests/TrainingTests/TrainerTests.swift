import Autodiff
import ConViT
import Foundation
import Images
import Recipes
import Runs
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
    let loss = try #require(last.testLoss)
    #expect(abs(loss / fixture.curve.float64.validation_loss - 1) < 2e-5)
    #expect(abs(try #require(last.testAcc1) - fixture.curve.float64.validation_accuracy) < 1e-9)
  }

  /// As a program outside of the package trains, by the names of flags.
  @Test func settingsByTheirNames() throws {
    let fixture = try TrainingFixture()
    let configuration = try fixture.configuration()
    let trainer = try Trainer(yaml: configuration.yaml())
    #expect(trainer.configuration == (try Trainer(configuration)).configuration)
    var (told, steps) = ([String](), 0)
    let error = #expect(throws: RunInterrupted.self) {
      try trainer.train(
        report: { text in
          told.append(text)
          if text.hasPrefix("step(") { steps += 1 }
        }, isStopped: { steps == 2 })
    }
    #expect("\(try #require(error))".contains("stopped and saved after step 2 of epoch 1"))
    #expect(told.contains { $0.hasPrefix("started(") })
    let unknown = #expect(throws: TrainingError.self) { try Trainer(yaml: "learning-rat: 1") }
    #expect(unknown?.description.contains("unknown key 'learning-rat'") == true)
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
    #expect(effective.aa == "none" && effective.reprob == 0)
    #expect(effective.optBetas == [0.9, 0.999])
    (effective.shardSize, effective.aa, effective.reprob) = (nil, nil, nil)
    effective.optBetas = nil
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
    #expect(notes.contains { $0.contains("2 start anew (head.weight, head.bias)") })
  }

  private struct NonFiniteReport: Decodable {
    struct Gradient: Decodable { let name: String }
    let step, epoch: Int, lr: Double, not_finite: [String], gradients: [Gradient], files: [String]
  }

  @Test func divergenceStopsTheRun() throws {
    let fixture = try TrainingFixture()
    var configuration = try fixture.configuration()
    (configuration.lr, configuration.saveEverySteps) = (1e20, 1)
    let error = #expect(throws: TrainingError.self) { try Trainer(configuration).run() }
    #expect(error?.message.contains("training has diverged") == true)
    #expect(error?.message.hasSuffix("/run/nonfinite.json") == true)
    let report = try JSONDecoder().decode(
      NonFiniteReport.self, from: Data(contentsOf: fixture.file("run/nonfinite.json")))
    let steps: [StepRecord] = try fixture.lines("steps.jsonl")
    #expect(report.step == steps.count + 1 && report.epoch == 0 && report.lr == 1e20)
    #expect(report.gradients.first?.name == "cls_token" && !report.not_finite.isEmpty)
    // Not shuffled: the batch is the next 32 images of the folder.
    let folder = try ImageFolder(root: fixture.folder + "/images", split: "train")
    let batch = folder.samples[32 * steps.count..<32 * (steps.count + 1)]
    #expect(report.files == batch.map(\.path))
    #expect(
      try Checkpoint(contentsOf: fixture.folder + "/run/checkpoint.safetensors").progress.step
        == steps.count)
    // What cannot be trained is left out, as often as allowed.
    (configuration.onNonfinite, configuration.resume) = (.skip(2), "auto")
    var notes: [String] = []
    let again = #expect(throws: TrainingError.self) {
      try Trainer(configuration).run {
        if case .note(let text) = $0 { notes.append(text) }
      }
    }
    #expect(again?.message.contains("training has diverged") == true)
    #expect(notes.count == 2 && notes[1].hasSuffix("left out, 2 of at most 2"))
  }

  @Test func aFileThatCannotBeWrittenEndsTheRun() throws {
    let fixture = try TrainingFixture()
    let configuration = try fixture.smallConfiguration()
    let run = fixture.folder + "/run"
    try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: true)
    try Data().write(to: fixture.file("run/.unfinished"))
    try #require(symlink("/dev/full", run + "/steps.jsonl") == 0)
    let error = #expect(throws: TrainingError.self) { try Trainer(configuration).run() }
    #expect(error?.message == "\(run)/steps.jsonl: cannot replace a device by a file")
  }

  /// An epoch is one step here: the second's own loss is finite, but no weight outlives its rate.
  @Test func aValidationLossThatIsNotFiniteEndsTheRun() throws {
    let fixture = try TrainingFixture()
    var configuration = try fixture.smallConfiguration()
    (configuration.batchSize, configuration.epochs, configuration.sched) = (256, 4, .plateau)
    (configuration.lr, configuration.warmupLr, configuration.warmupEpochs) = (1e30, 1e-6, 1)
    for resume in [nil, "auto"] {
      configuration.resume = resume
      let error = #expect(throws: TrainingError.self) { try Trainer(configuration).run() }
      #expect(error?.message == "the validation loss is nan after epoch 2")
      #expect(error?.isUsage == false)
      // All of the folder is as after the first epoch, but for the loss before the second's step.
      let epochs: [EpochRecord] = try fixture.lines("log.jsonl")
      let steps: [StepRecord] = try fixture.lines("steps.jsonl")
      #expect(epochs.map(\.epoch) == [0] && steps.map(\.step) == [0, 1])
      let run = fixture.folder + "/run"
      let best = try SavedModel(contentsOf: run + "/best.safetensors").weights.values
      #expect(best.allSatisfy { $0.elements.allSatisfy(\.isFinite) })
      #expect(try SavedModel(contentsOf: run + "/model.safetensors").weights.values == best)
      let progress = try Checkpoint(contentsOf: run + "/checkpoint.safetensors").progress
      #expect(progress.epoch == 1 && progress.best == epochs[0].testAcc1)
      #expect(progress.plateau == LearningRateSchedule.Plateau())  // which warmup is no part of
    }
  }
}
