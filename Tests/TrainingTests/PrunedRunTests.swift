import Autodiff
import ConViT
import Foundation
import Pruning
import Testing
import Training

@testable import Recipes

/// Runs that start from pruned weights.
@Suite struct PrunedRunTests {
  private let fixture: TrainingFixture

  init() throws { fixture = try TrainingFixture() }

  /// A run from a file of which every third weight of the blocks' matrices is pruned.
  private func configuration(_ run: String) throws -> TrainingConfiguration {
    var c = try fixture.smallConfiguration(run)
    c.nbClasses = 10
    let model = try VisionTransformer(c.modelConfiguration(classes: 10))
    var saved = SavedModel(model, ParameterStore(model, seed: 1))
    var masks = ParameterMasks(saved.weights.tree)
    for (slot, name) in saved.weights.tree.names.enumerated() where Self.isPruned(name) {
      let shape = saved.weights.values[slot].shape
      masks[slot: slot] = Tensor(shape, (0..<shape.elementCount).map { $0 % 3 == 0 ? 0 : 1 })
    }
    saved.weights.apply(masks)
    saved.masks = masks
    let path = fixture.file("pruned-\(UUID().uuidString).safetensors").path
    try FileManager.default.createDirectory(
      atPath: fixture.folder, withIntermediateDirectories: true)
    try saved.write(to: path)
    (c.finetune, c.epochs, c.resume) = (path, 2, "auto")
    (c.modelEma, c.modelEmaDecay, c.lr) = (true, 0.9, 1e-3)
    return c
  }

  private static func isPruned(_ name: String) -> Bool {
    name.hasPrefix("blocks.") && name.hasSuffix("mlp.fc1.weight")
  }

  private func zeros(_ run: String, _ file: String) throws -> (kept: Bool, masked: Int) {
    let saved = try SavedModel(contentsOf: fixture.file("\(run)/\(file).safetensors").path)
    let kept = saved.weights.tree.names.filter(Self.isPruned).allSatisfy { name in
      (saved.weights[name]?.elements ?? []).enumerated().allSatisfy {
        ($0.offset % 3 == 0) == ($0.element == 0)
      }
    }
    return (kept, saved.masks?.values.count { $0 != nil } ?? 0)
  }

  /// With every optimiser, the zeros are there after the run was stopped in the middle and resumed;
  /// and what a run leaves can be the start of the next.
  @Test(arguments: OptimizerSettings.Algorithm.allCases)
  func zerosStay(_ optimizer: OptimizerSettings.Algorithm) throws {
    var c = try configuration("run")
    c.opt = optimizer
    var polls = 0
    #expect(throws: RunInterrupted.self) {
      try Trainer(c).run { _ in
      } isStopped: {
        polls += 1
        return polls > 4
      }
    }
    try Trainer(c).run()
    for file in ["model", "best", "model_ema"] {
      let (kept, masked) = try zeros("run", file)
      #expect(kept && masked == 2, "\(optimizer) \(file)")
    }
  }

  private struct Line: Decodable { let sparsity: Double? }

  /// A third is gone at the start, and 80 % after three rounds over four epochs; stopped anywhere,
  /// a run resumes to the same bits, and its average has the same zeros.
  @Test(arguments: PruningRule.Scope.allCases)
  func rounds(_ scope: PruningRule.Scope) throws {
    var c = try configuration("whole")
    (c.prune, c.pruneRounds, c.pruneScope, c.epochs) = (0.8, 3, scope, 4)
    (c.earlyStop, c.saveEverySteps) = (1, 1)  // which must wait for the last round
    var notes: [String] = []
    let made = try Trainer(c).run {
      if case .note(let note) = $0 { notes.append(note) }
    }
    #expect(notes.count { $0.hasPrefix("round ") } == 3)
    #expect(
      notes.last { $0.hasPrefix("round ") } == "round 3 of 3: 80.0 % of the weights are pruned")
    let all = try fixture.lines("log.jsonl", of: "whole") as [Line]
    let rule = PruningRule(.magnitude, scope: scope)
    let model = try SavedModel(contentsOf: fixture.file("whole/model.safetensors").path)
    #expect(made.masks?.layers == model.masks?.layers && made.masks != nil)
    let names = rule.selection.slots(in: model.weights.tree)
    let sizes = names.map { Double(model.weights.values[$0].count) }
    let start =
      zip(names, sizes).reduce(0) { sum, pair in
        sum + (Self.isPruned(model.weights.tree.names[pair.0]) ? (pair.1 / 3).rounded(.up) : 0)
      } / sizes.reduce(0, +)
    func after(_ round: Double) -> Double {
      let left = 1 - round / 3
      return 0.8 + (start - 0.8) * left * left * left
    }
    #expect(all.count == 4)
    // By layer, what was pruned in the start is more than the share of its layer in round 1.
    for (line, round) in zip(all, [1.0, 1, 2, 3]) {
      let slack = scope == .layer && round < 3 ? 0.03 : 0.002
      #expect(abs((line.sparsity ?? .nan) - after(round)) < slack, "\(line) \(round)")
    }
    for file in ["model", "best", "model_ema"] {
      let saved = try SavedModel(contentsOf: fixture.file("whole/\(file).safetensors").path)
      let masks = try #require(saved.masks)
      for layer in masks.layers {
        let zeros = try #require(saved.weights[layer.name]).elements.count { $0 == 0 }
        #expect(zeros == layer.count - layer.kept)
        if scope == .layer { #expect(zeros == Int((0.8 * Double(layer.count)).rounded())) }
      }
      #expect(abs(rule.share(removedBy: masks) - 0.8) < 0.002)
    }
    // Stopped again and again, also between a round and its first step.
    c.outputDir = fixture.file("parts").path
    var stops = 0
    while true {
      var polls = 0
      do {
        try Trainer(c).run { _ in
        } isStopped: {
          polls += 1
          return polls > 3 + stops  // later each time: it is also asked while it evaluates
        }
        break
      } catch is RunInterrupted { stops += 1 }
    }
    #expect(stops > 4)
    for file in ["model", "best", "model_ema"] {
      let (whole, parts) = (
        try Data(contentsOf: fixture.file("whole/\(file).safetensors")),
        try Data(contentsOf: fixture.file("parts/\(file).safetensors"))
      )
      #expect(whole == parts, "\(file)")
    }
  }

  /// Rounds are spread over the whole run, of which a part may be trained at first.
  @Test func aPartOfARun() throws {
    var c = try configuration("part")
    (c.prune, c.pruneRounds, c.epochs) = (0.8, 3, 4)
    var notes: [String] = []
    for epochs in [2, 3] {
      try Trainer(c).run(until: epochs) {
        if case .note(let note) = $0 { notes.append(String(note.prefix(12))) }
      }
      #expect(notes.filter { $0.hasPrefix("round ") }.last == "round \(epochs - 1) of 3")
    }
  }

  /// A round begins anew what accuracies are compared with; after the last, a run may end early.
  @Test func waitingForARise() {
    var c = TrainingConfiguration()
    (c.prune, c.pruneRounds, c.epochs, c.earlyStop) = (0.8, 2, 10, 3)
    var progress = RunProgress()
    (progress.epoch, progress.best, progress.stale, progress.rounds) = (4, 60, 7, 1)
    (progress.plateau.best, progress.plateau.badEpochs, progress.plateau.drops) = (60, 5, 2)
    #expect(!c.hasEnded(progress))  // a round is to come
    progress.beginRound()
    #expect(progress.rounds == 2 && progress.best == -.infinity && progress.stale == 0)
    #expect(progress.plateau.best == RunProgress().plateau.best)
    #expect(progress.plateau.badEpochs == 0 && progress.plateau.drops == 2)
    #expect(!c.hasEnded(progress))
    progress.stale = 3
    #expect(c.hasEnded(progress))
  }

  @Test func roundsThatCannotBe() throws {
    var c = try configuration("run")
    func fault(_ change: (inout TrainingConfiguration) -> Void) -> String {
      var changed = c
      change(&changed)
      do { try Trainer(changed).run() } catch { return "\(error)" }
      return "none"
    }
    #expect(fault { ($0.prune, $0.finetune) = (0.5, nil) }.contains("finetune is missing"))
    #expect(fault { $0.prune = 0 }.contains("prune must be above 0 and below 1, found 0"))
    #expect(fault { $0.prune = 1 }.contains("prune must be above 0 and below 1, found 1"))
    #expect(fault { ($0.prune, $0.pruneRounds) = (0.5, 3) }.contains("at most the epochs"))
    #expect(fault { $0.pruneRounds = 3 }.contains("prune-rounds is about prune"))
    #expect(fault { $0.pruneScope = .global }.contains("prune-scope is about prune"))
    #expect(fault { $0.prune = 0.01 }.contains("which is more than prune, 0.01"))
    // The notes of GPSA's trap: weights that are not trained.
    c = try fixture.smallConfiguration("trap")
    let model = try VisionTransformer(c.modelConfiguration(classes: 10))
    try SavedModel(model, ParameterStore(model, seed: 1)).write(to: fixture.file("start").path)
    (c.finetune, c.nbClasses, c.epochs) = (fixture.file("start").path, 10, 1)
    (c.prune, c.pruneScope) = (0.5, .global)
    var notes: [String] = []
    try Trainer(c).run {
      if case .note(let note) = $0 { notes.append(note) }
    }
    #expect(notes.count { $0.contains("the identity, as GPSA starts") } == 1, "\(notes)")
  }

  @Test func theyMayGrow() throws {
    var (c, notes) = (try configuration("run"), [String]())
    c.keepPruned = false
    try Trainer(c).run {
      if case .note(let note) = $0 { notes.append(note) }
    }
    let (kept, masked) = try zeros("run", "model")
    #expect(!kept && masked == 0)
    #expect(notes.contains { $0.hasSuffix("of its weights are pruned, and may grow again") })
  }
}
