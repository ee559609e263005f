import Foundation
import Testing
import Training

@testable import CLI
@testable import Recipes

/// What becomes of a config's values beside flags.
@Suite struct OverridingTests {
  private func configuration(
    _ yaml: String, _ flags: String = ""
  ) throws -> TrainingConfiguration {
    let path = NSTemporaryDirectory() + "overriding-\(UUID().uuidString).yaml"
    try yaml.write(toFile: path, atomically: true, encoding: .utf8)
    defer { unlink(path) }
    let given = flags.split(separator: " ").map(String.init)
    return try TrainCommand.parse(["--config", path] + given).configuration()
  }

  /// A config, flags beside it, and the config that comes to the same.
  static let cases: [(yaml: String, flags: String, same: String)] = [
    ("save-every: 2", "--save-every 0", ""), ("save-every-steps: 2", "--save-every-steps 0", ""),
    ("locality-every: 1", "--locality-every none", ""), ("clip-grad: 1", "--clip-grad 0", ""),
    ("val-fraction: 0.1", "--val-fraction 0", ""), ("finetune: w", "--finetune none", ""),
    ("early-stop: 3", "--early-stop 0", ""), ("time-budget: 2h", "--time-budget 0", ""),
    ("time-budget: 0\nearly-stop: 0", "", ""), ("time-budget: 90", "", "time-budget: 1m30s"),
    ("heads: 3\nhead-dim: 5\ndepth: 7", "--heads none --head-dim none --depth none", ""),
    ("freeze: [a, b]", "--freeze none", ""), ("lr-noise: [0.1]", "--lr-noise none", ""),
    ("opt-betas: [0.1, 0.2]", "--opt-betas none", ""),
    ("layer-decay: 0.5", "--layer-decay none", ""),
    ("cutmix-minmax: [0.1, 0.2]", "--cutmix-minmax none", ""),
    ("global-batch-size: 128", "--global-batch-size none", ""),
    ("warmup-epochs: 3", "--warmup-epochs none", ""), ("resume: auto", "--resume none", ""),
    ("threads: 3\nnum-workers: 2", "--threads none --num-workers none", ""),
    ("log-every: 0", "", "log-every: 0"), ("save-every: 0\nclip-grad: 0.0", "", ""),
    ("save-every: null\nlr: ~\nepochs:\nheads: none", "", ""), ("aa: none", "", "aa: none"),
    (
      "local_up_to_layer: 4\nheads: 4\nlocality-strength: 2", "--model deit_tiny_patch16_224",
      "model: deit_tiny_patch16_224\nheads: 4"
    ),
    ("locality-every: 1\nlocality-sample: 9", "--locality-every 0", ""),
    ("class-weights: balanced", "--class-weights none", ""),
    ("class-weights: balanced", "--bce-loss", "bce-loss: true"), ("class-weights: none", "", ""),
    ("model-ema: true\nmodel-ema-decay: 0.9", "--no-model-ema", ""),
    ("clip-grad: 1\nclip-mode: agc", "--clip-grad none", ""),
    ("mixup-prob: 0.5", "--mixup 0 --cutmix 0", "mixup: 0\ncutmix: 0"),
    ("min-lr: 1e-6", "--sched constant", "sched: constant"),
    ("opt-betas: [0.8, 0.9]", "--opt sgd", "opt: sgd"),
  ]

  @Test(arguments: cases.indices) func flagsAndNullSwitchOff(index: Int) throws {
    let (yaml, flags, same) = Self.cases[index]
    let expected = try configuration("epochs: 300\n" + same)
    #expect(try configuration(yaml, flags) == expected)
  }

  /// Numbers that are not finite, in flags beside a config or in a config, have the errors that
  /// they have elsewhere.
  @Test(arguments: [
    ("epochs: 3", "--lr nan", "lr must be positive, found nan"),
    ("lr: .inf", "--epochs 3", "lr must be positive, found inf"),
    ("weight-decay: 1e60", "", "weight-decay must not be negative, found inf"),
    ("clip-grad: .nan", "--lr 1", "clip-grad must be positive, found nan"),
    ("epochs: 3", "--max-bad nan", "max-bad must be a share below 1 or a whole number, found nan"),
  ])
  func numbersThatAreNotFinite(yaml: String, flags: String, text: String) throws {
    let error = #expect(throws: TrainingError.self) { try configuration(yaml, flags).validate() }
    #expect(error?.message == text && error?.isUsage == true)
  }

  /// What is wrong in the file itself, or in the flags themselves, stays an error.
  @Test func onlyWhatAFlagLeavesUnusedIsLeftOut() throws {
    for (yaml, flags) in [
      ("mixup: 0\ncutmix: 0\nmixup-prob: 0.5", "--lr 1"),
      ("lr: 1", "--mixup 0 --cutmix 0 --mixup-prob 0.5"),
      ("epochs: 5", "--warmup-epochs 6"),
    ] {
      #expect(throws: TrainingError.self) { try configuration(yaml, flags).validate() }
    }
  }
}
