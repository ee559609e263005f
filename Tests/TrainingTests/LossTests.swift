import Autodiff
import ConViT
import Foundation
import Images
import Safetensors
import Testing

@testable import Recipes
@testable import Training

/// DeiT's losses, with targets that are mixed, against PyTorch (Fixtures/make_mixing.py).
@Suite struct LossTests {
  private let file: SafetensorsFile

  init() throws {
    file = try SafetensorsFile(contentsOf: TrainingFixture.path("mixing.safetensors"))
  }

  private struct Case: Decodable {
    let kind: LossSettings.DistillationType
    let alpha, tau, smoothing, share: Double
  }

  private func tensor(_ name: String) throws -> Tensor {
    Tensor(Shape(try #require(file.info(name)).shape), try file.floats(name))
  }

  /// A loss and its derivatives by the logits of the heads.
  private func run(
    _ name: String, _ change: (inout LossSettings) -> Void = { _ in }
  ) throws -> [Tensor] {
    let cases = try JSONDecoder().decode(
      [String: Case].self, from: Data(try #require(file.metadata["losses"]).utf8))
    let expected = try #require(cases[name])
    var settings = LossSettings()
    (settings.smoothing, settings.distillationType) = (expected.smoothing, expected.kind)
    (settings.distillationAlpha, settings.distillationTau) = (expected.alpha, expected.tau)
    settings.distillationReduction = .numel
    if name.hasPrefix("binary") { settings.bceLoss = true }
    change(&settings)
    let labels = try file.integers("losses.labels")
    let batch = MixedBatch(
      Batch(inputs: Tensor(repeating: 0, [4, 3, 1, 1]), labels: labels, indices: [0, 1, 2, 3]),
      [Mix](repeating: Mix(share: expected.share), count: 4))
    let tape = Tape()
    let heads = try ["head", "distillation"].map { tape.variable(try tensor("losses.\($0)")) }
    let weights = try JSONDecoder().decode(
      [Float].self, from: Data(try #require(file.metadata["class_weights"]).utf8))
    let base = settings.objective(
      teacher: nil, classWeights: name.hasPrefix("weighted") ? weights : nil)
    let objective =
      expected.kind == .none
      ? base
      : Distillation(
        base, teacher: Fixed(logits: try tensor("losses.teacher")),
        FrozenWeights(ParameterStore(Fixed(logits: heads[0].value), seed: 0)), settings.taught,
        share: settings.distillationAlpha)
    let losses = objective.losses(
      Outputs(heads[0], distillation: heads[1]),
      ExamplePart(batch: batch, range: 0..<4, inputs: batch.inputs(0..<4)))
    #expect(losses.shape == [4])
    let loss = losses.mean()
    var none = Gradients(tape.weights.tree)
    return [loss.value] + tape.accumulateGradients(of: loss, into: &none, at: heads)
  }

  private func largestError(_ results: [Tensor], _ name: String) throws -> Double {
    let names = ["loss", "head_gradient", "distillation_gradient"].map { "losses.\(name).\($0)" }
    return try zip(results, names).map { ours, name -> Double in
      let theirs =
        file.info(name) == nil ? Tensor(repeating: 0, ours.shape) : try tensor(name)
      let scale = theirs.elements.map(abs).max() ?? 0
      return zip(ours.elements, theirs.elements).reduce(0) {
        max($0, Double(abs($1.0 - $1.1) / max(scale, 1e-9)))
      }
    }.max() ?? .infinity
  }

  @Test(arguments: [
    "cross_entropy", "weighted", "weighted_labels", "weighted_soft", "binary", "binary_deit",
    "soft", "soft_3", "hard", "hard_0.9",
  ]) func isDeiTs(_ name: String) throws {
    #expect(try largestError(run(name), name) < 1e-6)
  }

  @Test func targetsAboveAThresholdCountAsOne() throws {
    let thresholds = try run("binary_0.25") { $0.bceTargetThresh = 0.25 }
    #expect(try largestError(thresholds, "binary_0.25") < 1e-6)
  }

  /// The mean over images alone is as many times the other as there are classes.
  @Test func theSumCanBeDividedByImages() throws {
    let numel = try run("soft") { $0.distillationAlpha = 1 }
    let mean = try run("soft") {
      ($0.distillationAlpha, $0.distillationReduction) = (1, .batchmean)
    }
    #expect(abs(mean[0].item / numel[0].item - 5) < 1e-5)
  }

  @Test func whatIsWrongOrHasNoEffectIsNamed() {
    func fault(_ change: (inout LossSettings) -> Void) -> String {
      var settings = LossSettings()
      change(&settings)
      do { try settings.validate() } catch { return error.isUsage ? error.message : "not usage" }
      return "nothing thrown"
    }
    func off(_ settings: inout LossSettings) { (settings.mixup, settings.cutmix) = (0, 0) }
    #expect(fault { $0.mixup = -1 } == "mixup must not be negative, found -1.0")
    #expect(fault { $0.cutmix = .nan }.contains("cutmix must not be negative"))
    #expect(fault { $0.mixupProb = 1.5 } == "mixup-prob must be in 0 ... 1, found 1.5")
    for change: (inout LossSettings) -> Void in [
      { $0.mixupProb = 0.5 }, { $0.mixupMode = .elem }, { $0.mixupOffEpoch = 2 },
    ] {
      #expect(
        fault {
          off(&$0)
          change(&$0)
        }.contains("has no effect without mixup and cutmix"))
    }
    #expect(fault { ($0.mixup, $0.mixupSwitchProb) = (0, 0.4) }.contains("mixup-switch-prob has"))
    #expect(fault { $0.cutmixMinmax = [0.5] }.contains("two rising numbers in 0 ... 1"))
    #expect(fault { $0.cutmixMinmax = [0.5, 0.5] }.contains("two rising numbers in 0 ... 1"))
    #expect(fault { ($0.cutmix, $0.cutmixMinmax) = (0.5, [0, 1]) }.contains("leave it at 1"))
    #expect(
      fault { ($0.bceLoss, $0.classWeights) = (true, "balanced") }
        == "class-weights is for cross-entropy, not for bce-loss")
    #expect(fault { $0.bceTargetThresh = 0.2 }.contains("no effect without bce-loss"))
    #expect(fault { ($0.bceLoss, $0.bceTargetThresh) = (true, 1) }.contains("in 0 ..< 1"))
    #expect(fault { $0.teacherPath = "w" }.contains("no effect with distillation-type none"))
    #expect(fault { $0.distillationAlpha = 0.4 }.contains("no effect with distillation-type none"))
    #expect(fault { $0.distillationType = .hard }.contains("hard needs teacher-path"))
    #expect(
      fault {
        ($0.distillationType, $0.teacherPath, $0.distillationTau) = (.hard, "w", 2)
      } == "distillation-tau is for distillation-type soft")
    #expect(fault { _ in } == "nothing thrown")
    var ones = LossSettings()
    (ones.bceLoss, ones.bceTargetThresh) = (true, 0.005)
    #expect(throws: TrainingError.self) { try ones.validate(classes: 10) }
    #expect(throws: Never.self) { try ones.validate(classes: 20) }
  }
}

/// A teacher that answers the same whatever it sees.
private struct Fixed: Model {
  let input: Shape = [3, 1, 1]
  let logits: Tensor
  func callAsFunction(_ x: Variable) -> Variable { x.tape.constant(logits) }
}
