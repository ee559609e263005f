import ArgumentParser
import Foundation
import Testing
import Training

@testable import CLI
@testable import Recipes

@Suite struct FlagTests {
  /// A value for every flag, and the lines that it makes of the YAML of the defaults.
  static let flags: [(arguments: [String], lines: Set<String>)] = [
    (["--data-path", "d"], ["data-path: d"]), (["--output-dir", "o"], ["output-dir: o"]),
    (["--model", "deit_tiny"], ["model: deit_tiny"]),
    (["--input-size", "8x12"], ["input-size: 8x12"]), (["--patch-size", "8"], ["patch-size: 8"]),
    (["--channels", "1"], ["channels: 1"]),
    (["--heads", "9"], ["heads: 9"]), (["--head-dim", "5"], ["head-dim: 5"]),
    (["--mlp-ratio", "1.5"], ["mlp-ratio: 1.5"]), (["--dim", "12"], ["dim: 12"]),
    (["--heads-by-layer", "2", "1"], ["heads-by-layer:", "- 2", "- 1"]),
    (["--hidden-by-layer", "9", "7"], ["hidden-by-layer:", "- 9", "- 7"]),
    (["--depth", "3"], ["depth: 3"]), (["--local-up-to-layer", "2"], ["local-up-to-layer: 2"]),
    (["--locality-strength", "0.7"], ["locality-strength: 0.7"]),
    (["--frames", "4"], ["frames: 4"]), (["--attention", "axial"], ["attention: axial"]),
    (["--frame-stride", "3"], ["frame-stride: 3"]),
    (["--train-placement", "first"], ["train-placement: first"]),
    (["--eval-placement", "first"], ["eval-placement: first"]),
    (["--max-frames", "12"], ["max-frames: 12"]), (["--max-seconds", "1.5"], ["max-seconds: 1.5"]),
    (["--nb-classes", "7"], ["nb-classes: 7"]), (["--drop", "0.3"], ["drop: 0.3"]),
    (["--drop-path", "0.2"], ["drop-path: 0.2"]), (["--finetune", "w"], ["finetune: w"]),
    (["--ticket", "t"], ["ticket: t"]), (["--prac-set", "t"], ["prac-set: t"]),
    (["--partial"], ["partial: true"]), (["--no-keep-pruned"], ["keep-pruned: false"]),
    (["--prune", "0.8"], ["prune: 0.8"]), (["--prune-rounds", "5"], ["prune-rounds: 5"]),
    (["--prune-scope", "global"], ["prune-scope: global"]),
    (["--gate", "absent"], ["gate: absent"]), (["--gate-start", "0.5"], ["gate-start: 0.5"]),
    (["--no-local-init"], ["local-init: false"]), (["--freeze-gpsa"], ["freeze-gpsa: true"]),
    (["--no-pos-embed"], ["pos-embed: false"]),
    (["--batch-size", "3"], ["batch-size: 3"]), (["--epochs", "11"], ["epochs: 11"]),
    (["--lr", "0.25"], ["lr: 0.25"]), (["--unscale-lr"], ["unscale-lr: true"]),
    (["--min-lr", "0.1"], ["min-lr: 0.1"]), (["--warmup-lr", "0.3"], ["warmup-lr: 0.3"]),
    (["--warmup-epochs", "4"], ["warmup-epochs: 4"]),
    (["--sched", "constant"], ["sched: constant"]),
    (["--sched-on-updates"], ["sched-on-updates: true"]),
    (["--weight-decay", "0.01"], ["weight-decay: 0.01"]),
    (["--opt-eps", "0.125"], ["opt-eps: 0.125"]),
    (["--opt-betas", "0.8", "0.9"], ["opt-betas:", "- 0.8", "- 0.9"]),
    (["--opt", "lion"], ["opt: lion"]), (["--momentum", "0.7"], ["momentum: 0.7"]),
    (["--clip-grad", "1.5"], ["clip-grad: 1.5"]), (["--clip-mode", "agc"], ["clip-mode: agc"]),
    (["--layer-decay", "0.75"], ["layer-decay: 0.75"]),
    (["--freeze", "norm.*", "head.*"], ["freeze:", "- \"norm.*\"", "- \"head.*\""]),
    (["--attn-only"], ["attn-only: true"]), (["--model-ema"], ["model-ema: true"]),
    (["--model-ema-decay", "0.5"], ["model-ema-decay: 0.5"]),
    (["--model-ema-warmup"], ["model-ema-warmup: true"]),
    (["--global-batch-size", "192"], ["global-batch-size: 192"]),
    (["--cooldown-epochs", "6"], ["cooldown-epochs: 6"]),
    (["--decay-epochs", "2.5"], ["decay-epochs: 2.5"]),
    (["--decay-milestones", "90", "180", "275"], ["- 275"]),
    (["--decay-rate", "0.2"], ["decay-rate: 0.2"]),
    (["--patience-epochs", "3"], ["patience-epochs: 3"]),
    (["--early-stop", "4"], ["early-stop: 4"]), (["--eval-every", "5"], ["eval-every: 5"]),
    (["--time-budget", "90m"], ["time-budget: 1h30m"]),
    (["--lr-noise", "0.42", "0.9"], ["lr-noise:", "- 0.42", "- 0.9"]),
    (["--lr-noise-pct", "0.5"], ["lr-noise-pct: 0.5"]),
    (["--lr-noise-std", "2"], ["lr-noise-std: 2"]),
    (["--smoothing", "0.4"], ["smoothing: 0.4"]),
    (["--class-weights", "balanced"], ["class-weights: balanced"]),
    (["--mixup", "0.3"], ["mixup: 0.3"]), (["--cutmix", "0.6"], ["cutmix: 0.6"]),
    (["--cutmix-minmax", "0.2", "0.7"], ["cutmix-minmax:", "- 0.2", "- 0.7"]),
    (["--mixup-prob", "0.5"], ["mixup-prob: 0.5"]),
    (["--mixup-switch-prob", "0.25"], ["mixup-switch-prob: 0.25"]),
    (["--mixup-mode", "elem"], ["mixup-mode: elem"]),
    (["--mixup-off-epoch", "6"], ["mixup-off-epoch: 6"]), (["--bce-loss"], ["bce-loss: true"]),
    (["--bce-target-thresh", "0.2"], ["bce-target-thresh: 0.2"]),
    (["--distillation-type", "soft"], ["distillation-type: soft"]),
    (["--teacher-model", "convit_tiny"], ["teacher-model: convit_tiny"]),
    (["--teacher-path", "t"], ["teacher-path: t"]),
    (["--distillation-alpha", "0.1"], ["distillation-alpha: 0.1"]),
    (["--distillation-tau", "3.5"], ["distillation-tau: 3.5"]),
    (["--distillation-reduction", "numel"], ["distillation-reduction: numel"]),
    (["--distill-average", "d4"], ["distill-average: d4"]),
    (["--attn-drop", "0.4"], ["attn-drop: 0.4"]),
    (["--global-pool", "avg"], ["global-pool: avg"]),
    (["--no-repeated-aug"], ["repeated-aug: false"]), (["--no-augment"], ["augment: false"]),
    (["--no-shuffle"], ["shuffle: false"]),
    (["--train-interpolation", "random"], ["train-interpolation: random"]),
    (["--src"], ["src: true"]), (["--aa", "v0"], ["aa: v0"]),
    (["--color-jitter", "0.3"], ["color-jitter: 0.3"]), (["--reprob", "0.5"], ["reprob: 0.5"]),
    (["--remode", "rand"], ["remode: rand"]), (["--recount", "3"], ["recount: 3"]),
    (["--resplit"], ["resplit: true"]),
    (["--val-path", "v.csv"], ["val-path: v.csv"]),
    (["--data-set", "INAT"], ["data-set: INAT"]),
    (["--inat-category", "genus"], ["inat-category: genus"]),
    (["--val-fraction", "0.2"], ["val-fraction: 0.2"]),
    (["--train-split", "t"], ["train-split: t"]), (["--val-split", "v"], ["val-split: v"]),
    (["--sampling-ratio", "0.1"], ["sampling-ratio: 0.1"]),
    (["--sampling-first"], ["sampling-first: true"]), (["--scale-epochs"], ["scale-epochs: true"]),
    (["--on-bad-image", "skip"], ["on-bad-image: skip"]), (["--max-bad", "3"], ["max-bad: 3"]),
    (["--lenient-jpeg"], ["lenient-jpeg: true"]), (["--max-pixels", "9"], ["max-pixels: 9"]),
    (["--max-bytes", "8"], ["max-bytes: 8"]), (["--no-exif"], ["exif: false"]),
    (["--alpha-background", "1,2,3"], ["alpha-background: 1,2,3"]),
    (["--sixteen-bit", "pillow"], ["sixteen-bit: pillow"]),
    (["--eval-crop-ratio", "0.9"], ["eval-crop-ratio: 0.9"]),
    (["--mean", "0.5"], ["mean:", "- 0.5"]),
    (["--std", "0.2", "0.3", "0.25"], ["std:", "- 0.2", "- 0.3", "- 0.25"]),
    (["--scaled-decoding"], ["scaled-decoding: true"]),
    (["--seed", "18446744073709551615"], ["seed: 18446744073709551615"]),
    (["--locality-every", "2"], ["locality-every: 2"]),
    (["--locality-sample", "9"], ["locality-sample: 9"]),
    (["--threads", "2"], ["threads: 2"]), (["--num-workers", "0"], ["num-workers: 0"]),
    (["--shard-size", "2"], ["shard-size: 2"]),
    (["--precision", "bf16"], ["precision: bf16"]),
    (["--lanes", "8"], ["lanes: 8"]), (["--pin-threads"], ["pin-threads: true"]),
    (["--log-every", "1"], ["log-every: 1"]), (["--tensorboard"], ["tensorboard: true"]),
    (["--report"], ["report: true"]),
    (["--recompute"], ["recompute: true"]), (["--resume", "r"], ["resume: r"]),
    (["--allow-other-data"], ["allow-other-data: true"]),
    (["--allow-nonfinite"], ["allow-nonfinite: true"]), (["--save-every", "2"], ["save-every: 2"]),
    (["--save-every-steps", "7"], ["save-every-steps: 7"]),
    (["--on-nonfinite", "skip=3"], ["on-nonfinite: skip=3"]),
  ]

  private static func lines(_ arguments: [String]) throws -> [String] {
    let command = try TrainCommand.parse(Main.spelled(arguments))
    return try command.configuration().yaml().split(separator: "\n").map(String.init)
  }

  /// Once for all flags: a debug build takes a second to parse a command of a hundred options.
  private static let defaults = Result { Set(try FlagTests.lines([])) }

  @Test(arguments: flags.indices) func everyFlagChangesItsKeyAndNoOther(index: Int) throws {
    let (arguments, expected) = Self.flags[index]
    let (defaults, given) = (try Self.defaults.get(), Set(try Self.lines(arguments)))
    #expect(given.subtracting(defaults) == expected)
    #expect(defaults.subtracting(given).count <= 1)
    let underscored = arguments.map { $0.replacingOccurrences(of: "-", with: "_") }
    let reference = "--" + underscored[0].dropFirst(2)
    #expect(Set(try Self.lines([reference] + arguments.dropFirst())) == given)
  }

  @Test func flagsAndKeysAreTheSame() {
    let keys = Set(TrainingConfiguration.keys)
    #expect(Set(Self.help.keys) == keys.union(["config", "help", "version"]))
    let tried = Self.flags.map { $0.arguments[0].replacingOccurrences(of: "--no-", with: "--") }
    #expect(Set(tried.map { String($0.dropFirst(2)) }) == keys)
  }

  /// What `convit help train` says of each flag.
  private static let help: [String: String] = {
    var (flag, texts) = ("", [String: String]())
    for line in Convit.helpMessage(for: TrainCommand.self, columns: 100).split(separator: "\n") {
      if let match = line.firstMatch(of: /^  (?:-h, )?--([a-z-]+)/) { flag = String(match.1) }
      if line.hasPrefix("  ") { texts[flag, default: ""] += line + " " }
    }
    texts[""] = nil
    return texts
  }()

  @Test func theHelpTellsTheTruthAboutDefaults() throws {
    let defaults = try Self.lines([])
    var checked = 0
    for (flag, text) in Self.help {
      guard let match = text.firstMatch(of: /\(default:\s+([^)]*)\)/),
        let line = defaults.first(where: { $0.hasPrefix(flag + ":") })
      else { continue }
      let (said, value) = (String(match.1), line.dropFirst(flag.count + 2))
      let meant = ["on": "true", "off": "false"][said] ?? said
      if flag == "decay-milestones" {
        #expect(said.split(separator: " ").allSatisfy { defaults.contains("- \($0)") })
      } else {
        #expect(
          meant == value || Double(meant) == Double(value), "--\(flag): \(said), not \(value)")
      }
      checked += 1
    }
    #expect(checked > 20)
  }

  @Test func spellings() throws {
    #expect(Main.spelled(["--embed_dim", "64"]) == ["--head-dim", "64"])
    #expect(Main.spelled(["--embed_dim=64", "a_b"]) == ["--head-dim=64", "a_b"])
    #expect(Main.spelled(["--ThreeAugment", "--src"]) == ["--aa=3a", "--src"])
    #expect(try Self.lines(["--three-augment"]).contains("aa: 3a"))
    #expect(Main.spelled(["--output_dir", "my_run"]) == ["--output-dir", "my_run"])
    #expect(Main.spelled(["--output_dir=my_run"]) == ["--output-dir=my_run"])
    #expect(Main.spelled(["--", "--a_b.png", "-1"]) == ["--", "--a_b.png", "-1"])
    #expect(try Self.lines(["--opt-betas", "0.8", "0.95"]).contains("- 0.95"))
  }

  @Test func flagsComeInGroups() {
    let help = Convit.helpMessage(for: TrainCommand.self, columns: 100)
    let headings = help.matches(of: /(?m)^([A-Z ]+):/).map { String($0.1) }
    #expect(
      headings == [
        "OVERVIEW", "USAGE", "FILES", "MODEL", "PRUNING", "ABLATION", "SCHEDULE", "OPTIMISER",
        "TARGETS AND LOSS",
        "AUGMENTATION", "DATA", "RUNNING", "OPTIONS",
      ])
    #expect(help.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }
}
