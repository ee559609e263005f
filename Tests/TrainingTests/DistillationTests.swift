import Autodiff
import ConViT
import Foundation
import Images
import Safetensors
import Testing

@testable import Recipes
@testable import Training

/// Runs with mixing and a teacher.
@Suite struct DistillationTests {
  /// A distilled student, without a file to start from, and a teacher for its images or others'.
  private func configuration(
    _ fixture: TrainingFixture, teacherSide: Int = 28, classNames: [String]? = nil
  ) throws -> TrainingConfiguration {
    var t = ViTConfiguration(.convit, imageSize: teacherSide, patchSize: 7, embedDim: 8, heads: 4)
    (t.depth, t.localUpToLayer, t.classes) = (2, 1, 10)
    let model = try VisionTransformer(t)
    let path = fixture.folder + "/teacher\(teacherSide).safetensors"
    try FileManager.default.createDirectory(
      atPath: fixture.folder, withIntermediateDirectories: true)
    var weights = ParameterStore(model, seed: 9)  // a teacher who sees differences
    let head = weights[model.head.weight]
    weights[model.head.weight] = Tensor(head.shape, head.elements.map { 40 * $0 })
    try SavedModel(model, weights, classNames: classNames).write(to: path)
    var c = try fixture.configuration()
    (c.finetune, c.localUpToLayer) = (nil, nil)
    (c.model, c.depth, c.headDim) = ("deit_tiny_distilled_patch16_224", 2, 4)
    (c.distillationType, c.teacherPath) = (.soft, path)
    (c.mixup, c.cutmix, c.mixupMode, c.epochs) = (0.8, 1, .elem, 1)
    return c
  }

  /// The loss of a first step is that of the formulas, computed from the logits of student and
  /// teacher for the mixed images.
  @Test func theLossOfAStepIsTheFormulas() throws {
    let fixture = try TrainingFixture()
    let c = try configuration(fixture)
    let model = try VisionTransformer(c.modelConfiguration(classes: 10))
    let weights = ParameterStore(model, seed: 4)
    let teacher = try SavedModel(contentsOf: #require(c.teacherPath))
    var random = Random(seed: 2)
    let count = 7
    let pixels = (0..<count * 3 * 784).map { _ in Float(random.uniform(-2, 2)) }
    let batch = Batch(
      inputs: Tensor([count, 3, 28, 28], pixels), labels: (0..<count).map { _ in random.below(10) },
      indices: Array(3..<10))
    var learner = Learner(model, weights, try c.recipe(for: model, teacher: teacher))
    let loss = try learner.step(batch, epoch: 1, rate: 1e-3, on: WorkerPool(threads: 2)).loss

    let mixing = try #require(c.loss.mixing(shape: [3, 28, 28], seed: c.seed))
    let mixed = MixedBatch(
      batch, mixing(Array(0..<count), partners: batch.partners, epoch: 1, step: 0))
    let images = Tape(.inference).constant(mixed.inputs(0..<count))
    let tape = Tape(weights, .inference)
    let heads = model.outputs(tape.constant(images.value))
    func probabilities(_ logits: Tensor) -> [[Double]] {
      (0..<count).map { row in
        let values = (0..<10).map { exp(Double(logits[row, $0])) }
        return values.map { $0 / values.reduce(0, +) }
      }
    }
    let ours = probabilities(heads.logits.value)
    let taught = probabilities(try #require(heads.distillation).value)
    let theirs = probabilities(
      teacher.model(Tape(teacher.weights, .inference).constant(images.value)).value)
    let targets = mixed.targets(0..<count, classes: 10, smoothing: c.smoothing)
    var expected = 0.0
    for row in 0..<count {
      for k in 0..<10 {
        expected -= 0.5 * Double(targets[row, k]) * log(ours[row][k])
        expected += 0.5 * theirs[row][k] * log(theirs[row][k] / taught[row][k])
      }
    }
    #expect(abs(loss / (expected / Double(count)) - 1) < 1e-5)
  }

  /// Mixing, attention dropout and a teacher: the same bits on one thread and on three, with
  /// recomputation, and after an interruption in the middle of the epoch.
  @Test(arguments: [LossSettings.DistillationType.soft, .hard])
  func weightsHaveTheSameBitsForAnyNumberOfThreads(
    _ type: LossSettings.DistillationType
  ) throws {
    let fixture = try TrainingFixture()
    var c = try configuration(fixture)
    (c.distillationType, c.attnDrop, c.shardSize, c.batchSize) = (type, 0.1, 3, 35)
    var results: [[Tensor]] = []
    for threads in [1, 3] {
      (c.threads, c.outputDir) = (threads, fixture.folder + "/run\(threads)")
      results.append(try Trainer(c).run().weights.values)
    }
    #expect(results[0] == results[1])
    (c.recompute, c.outputDir) = (true, fixture.folder + "/recompute")
    #expect(try Trainer(c).run().weights.values == results[0])
    (c.recompute, c.outputDir) = (false, fixture.folder + "/stopped")
    var steps = 0
    #expect(throws: RunInterrupted.self) {
      try Trainer(c).run({ if case .step = $0 { steps += 1 } }, isStopped: { steps == 3 })
    }
    c.resume = "auto"
    #expect(try Trainer(c).run().weights.values == results[0])
    c.resume = nil
    (c.distillationAlpha, c.outputDir) = (0.2, fixture.folder + "/alpha")
    #expect(try Trainer(c).run().weights.values != results[0])
  }

  @Test func theTeacherMustFit() throws {
    let fixture = try TrainingFixture()
    var notes: [String] = []
    try Trainer(try configuration(fixture, teacherSide: 42)).run {
      if case .note(let text) = $0 { notes.append(text) }
    }
    #expect(notes.contains { $0.contains("resampled from 6 × 6 to 4 × 4 patches") })

    try FileManager.default.removeItem(atPath: fixture.folder + "/run")
    let names = ["0", "1", "2", "three", "4", "5", "6", "7", "8", "9"]
    let other = #expect(throws: TrainingError.self) {
      try Trainer(try configuration(fixture, classNames: names))
    }
    #expect(other?.message.hasSuffix("the teacher's class 3 is 'three', the data's '3'") == true)
    var more = try configuration(fixture)
    more.nbClasses = 12
    let count = #expect(throws: TrainingError.self) { try Trainer(more) }
    #expect(count?.message.hasSuffix("the teacher has 10 classes, the model 12") == true)
    var shifted = try configuration(fixture)
    shifted.mean = [0.5]
    let normalized = #expect(throws: TrainingError.self) { try Trainer(shifted) }
    #expect(
      normalized?.message.contains(
        "the teacher's images are normalised by mean 0.485 0.456 0.406, std 0.229 0.224 0.225, "
          + "the model's by mean 0.5 0.5 0.5, std 0.229 0.224 0.225") == true)
  }
}
