import Autodiff
import ConViT
import Foundation
import Recipes
import Runs
import Safetensors
import Testing
import Training

/// Whole runs with other optimisers, large batches in parts, frozen parameters and averages.
@Suite struct RecipeTests {
  static let recipes: [String: @Sendable (inout TrainingConfiguration) -> Void] = [
    "lion": {
      ($0.opt, $0.lr, $0.clipGrad, $0.clipMode) = (.lion, 1e-4, 0.01, .value)
      ($0.modelEma, $0.modelEmaWarmup, $0.layerDecay) = (true, true, 0.7)
    },
    "sgd": {
      ($0.opt, $0.clipGrad, $0.clipMode) = (.sgd, 0.1, .agc)
      ($0.globalBatchSize, $0.modelEma, $0.modelEmaDecay) = (96, true, 0.9)
    },
    "frozen": { ($0.opt, $0.freeze) = (.momentum, ["patch_embed.*", "blocks.0.*"]) },
    "attention": { ($0.attnOnly, $0.recompute) = (true, true) },
  ]

  private func configuration(_ fixture: TrainingFixture) throws -> TrainingConfiguration {
    var configuration = try fixture.configuration()
    (configuration.finetune, configuration.patchSize, configuration.depth) = (nil, 7, 3)
    (configuration.heads, configuration.headDim, configuration.localUpToLayer) = (2, 4, 2)
    (configuration.epochs, configuration.shardSize) = (2, 4)
    (configuration.drop, configuration.dropPath, configuration.shuffle) = (0.1, 0.2, true)
    return configuration
  }

  @Test(arguments: Self.recipes.keys)
  func weightsHaveTheSameBitsForAnyNumberOfThreads(_ name: String) throws {
    let fixture = try TrainingFixture()
    var configuration = try configuration(fixture)
    try change(&configuration, name)
    var results: [[Tensor]] = []
    for threads in 1...3 {
      configuration.threads = threads
      configuration.outputDir = fixture.folder + "/run\(threads)"
      var values = try Trainer(configuration).run().weights.values
      if configuration.modelEma {
        values += try saved("model_ema", fixture, "run\(threads)").weights.values
      }
      results.append(values)
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }

  private func change(_ configuration: inout TrainingConfiguration, _ name: String) throws {
    let change = try #require(Self.recipes[name])
    change(&configuration)
  }

  private func saved(
    _ name: String, _ fixture: TrainingFixture, _ run: String = "run"
  ) throws -> SavedModel {
    try SavedModel(contentsOf: "\(fixture.folder)/\(run)/\(name).safetensors")
  }

  /// A step of twelve batches of 8 has the bits of one batch of 96, dropout and all.
  @Test func partsOfABatchAreTheBatch() throws {
    let fixture = try TrainingFixture()
    var configuration = try configuration(fixture)
    (configuration.batchSize, configuration.unscaleLr, configuration.lr) = (96, false, 5e-3)
    let whole = try Trainer(configuration).run()
    configuration.outputDir = fixture.folder + "/parts"
    (configuration.batchSize, configuration.globalBatchSize) = (8, 96)
    let parts = try Trainer(configuration).run()
    #expect(parts.weights.values == whole.weights.values)
    let (a, b): ([StepRecord], [StepRecord]) = (
      try fixture.lines("steps.jsonl"), try fixture.lines("steps.jsonl", of: "parts")
    )
    #expect(a.map(\.lr) == b.map(\.lr) && a.count == 6)  // 256 images make steps of 96, 96 and 64
    for (a, b) in zip(a, b) { #expect(abs(a.loss / b.loss - 1) < 1e-12) }
    (configuration.globalBatchSize, configuration.outputDir) = (nil, fixture.folder + "/small")
    #expect(try Trainer(configuration).run().weights.values != whole.weights.values)
  }

  /// Average, plateau and the parts of a step are in a checkpoint: stopped in the middle of an
  /// epoch and resumed, a run ends in the same bits.
  @Test func goesOnToTheSameBits() throws {
    let fixture = try TrainingFixture()
    var configuration = try configuration(fixture)
    (configuration.opt, configuration.lr, configuration.epochs) = (.lion, 1e-4, 3)
    (configuration.sched, configuration.patienceEpochs, configuration.minLr) = (.plateau, 1, 0)
    (configuration.batchSize, configuration.globalBatchSize) = (16, 96)
    (configuration.modelEma, configuration.modelEmaWarmup) = (true, true)
    let whole = try Trainer(configuration).run()
    (configuration.outputDir, configuration.resume) = (fixture.folder + "/again", "auto")
    var asked = 0
    #expect(throws: RunInterrupted.self) {
      try Trainer(configuration).run(isStopped: {
        asked += 1; return asked == 15
      })
    }
    configuration.threads = 1
    let again = try Trainer(configuration).run()
    #expect(again.weights.values == whole.weights.values)
    for name in ["model_ema", "best"] {
      #expect(
        try saved(name, fixture).weights.values == saved(name, fixture, "again").weights.values)
    }
    let (a, b): ([EpochRecord], [EpochRecord]) = (
      try fixture.lines("log.jsonl"), try fixture.lines("log.jsonl", of: "again")
    )
    #expect(a.map(\.trainLr) == b.map(\.trainLr) && a.map(\.emaTestLoss) == b.map(\.emaTestLoss))
  }

  /// What is frozen stays as it was, to the bit, and is not counted.
  @Test(arguments: ["frozen", "attention"]) func frozenParametersStay(_ name: String) throws {
    let fixture = try TrainingFixture()
    var configuration = try configuration(fixture)
    try change(&configuration, name)
    let trained = try Trainer(configuration).run().weights
    let start = ParameterStore(trained.tree, seed: 0)
    var changed = 0
    for (slot, name) in trained.tree.names.enumerated() {
      let isFrozen =
        configuration.attnOnly
        ? !(name.contains(".attn.") || name.hasPrefix("head") || name == "pos_embed")
        : name.hasPrefix("patch_embed.") || name.hasPrefix("blocks.0.")
      let isSame = trained.values[slot] == start.values[slot]
      // A gate or norm may move by less than it has digits for.
      #expect(isFrozen ? isSame : !isSame || start.values[slot].shape.rank == 1, "\(name)")
      changed += isFrozen ? 0 : trained.values[slot].count
    }
    let epochs: [EpochRecord] = try fixture.lines("log.jsonl")
    #expect(epochs.map(\.parameters) == [changed, changed])
  }

  /// The average is evaluated beside the model, and the better of the two is the best.
  @Test func theAverageIsBesideTheModel() throws {
    let fixture = try TrainingFixture()
    var configuration = try configuration(fixture)
    (configuration.epochs, configuration.modelEma) = (1, true)
    var averageIsBest: Set<Bool> = []
    for (rate, decay) in [(1e-2, 0.999), (2e-2, 0.5)] {
      (configuration.lr, configuration.modelEmaDecay) = (rate, decay)
      configuration.outputDir = "\(fixture.folder)/\(rate)"
      let trained = try Trainer(configuration).run()
      let average = try saved("model_ema", fixture, "\(rate)")
      #expect(average.weights.values != trained.weights.values)
      let epochs: [EpochRecord] = try fixture.lines("log.jsonl", of: "\(rate)")
      let (loss, acc1) = (try #require(epochs[0].emaTestLoss), try #require(epochs[0].emaTestAcc1))
      let own = try #require(epochs[0].testAcc1)
      #expect(loss != epochs[0].testLoss && epochs[0].bestAcc1 == max(acc1, own))
      let isAverage = acc1 > own
      averageIsBest.insert(isAverage)
      let expected = isAverage ? average : trained
      #expect(try saved("best", fixture, "\(rate)").weights.values == expected.weights.values)
    }
    #expect(averageIsBest == [true, false])
    let text = try String(contentsOfFile: fixture.folder + "/0.02/log.jsonl", encoding: .utf8)
    #expect(text.contains("\"ema_test_acc1\":") && text.contains("\"ema_test_loss\":"))
  }

  /// Without progress the rate falls, and the epochs of cooling down follow the others.
  @Test func ratesOfARun() throws {
    let fixture = try TrainingFixture()
    var configuration = try configuration(fixture)
    (configuration.sched, configuration.lr, configuration.epochs) = (.plateau, 1e-7, 6)
    (configuration.patienceEpochs, configuration.minLr) = (1, 0)
    try Trainer(configuration).run()
    let plateau: [EpochRecord] = try fixture.lines("log.jsonl")
    #expect(plateau.first?.trainLr == 1e-7 && (plateau.last?.trainLr ?? 1) < 2e-8)
    configuration = try self.configuration(fixture)
    (configuration.sched, configuration.cooldownEpochs) = (.linear, 2)
    configuration.outputDir = fixture.folder + "/cool"
    try Trainer(configuration).run()
    let cool: [EpochRecord] = try fixture.lines("log.jsonl", of: "cool")
    #expect(cool.count == 4 && cool.suffix(2).allSatisfy { $0.trainLr == 1e-5 })
  }
}
