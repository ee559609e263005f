import Autodiff
import ConViT
import Foundation
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

  /// With every optimiser, the zeros are there after the run was stopped in the middle and went on;
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
