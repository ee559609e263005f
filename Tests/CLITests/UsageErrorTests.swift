import Testing
import Training

@testable import CLI
@testable import Recipes

/// What is wrong with a command line is said before any file is looked at: exit code 2.
@Suite struct UsageErrorTests {
  private let workspace: Workspace

  init() throws { workspace = try TrainedModel.workspace.get() }

  /// Flags of `convit train`, and what the error must name.
  static let trainFaults: [(arguments: [String], parts: [String])] = [
    (["--bogus", "1"], ["'--bogus'"]), (["extra"], ["'extra'"]),
    (["--batch-size"], ["Missing value", "'--batch-size <int>'"]),
    (["--batch-size", "0"], ["batch-size must be at least 1, found 0"]),
    (["--batch-size", "-3"], ["batch-size must be at least 1, found -3"]),
    (["--batch-size", "many"], ["'many'", "'--batch-size <int>'"]),
    (["--batch-size", "2000000"], ["batch-size must be at most 1000000, found 2000000"]),
    (["--epochs", "0"], ["epochs must be at least 1, found 0"]),
    (["--epochs", "1.5"], ["'1.5'", "'--epochs <int>'"]),
    (["--warmup-epochs", "2"], ["warmup-epochs must be 0 to epochs, which is 1, found 2"]),
    (["--lr", "0"], ["lr must be positive, found 0"]),
    (["--lr", "nan"], ["lr must be positive, found nan"]),
    (["--lr", "-nan"], ["lr must be positive, found nan"]),
    (["--lr", "-1e-3"], ["lr must be positive, found -0.001"]),
    (["--lr", "inf"], ["lr must be positive, found inf"]),
    (["--lr", "0,1"], ["'0,1'", "'--lr <number>'"]),
    (["--drop-path", "1"], ["drop-path must be in 0 ..< 1, found 1"]),
    (["--smoothing", "1"], ["smoothing must be in 0 ..< 1, found 1"]),
    (["--attn-drop", "-1"], ["attn-drop must be in 0 ..< 1, found -1"]),
    (["--mixup", "-1"], ["mixup must not be negative, found -1"]),
    (["--mixup-prob", "0.5"], ["mixup-prob has no effect without mixup and cutmix"]),
    (["--mixup-mode", "all"], ["'all'", "'batch', 'pair' or 'elem'"]),
    (["--mixup", "1", "--mixup-off-epoch", "1"], ["below epochs, which is 1, found 1"]),
    (["--cutmix", "1", "--cutmix-minmax", "0.4", "0.41"], ["no choice of a box", "12 pixels"]),
    (["--distillation-type", "soft"], ["distillation-type soft needs teacher-path"]),
    (
      ["--distillation-type", "hard", "--teacher-path", "missing"],
      ["deit_tiny_distilled_patch16_224, not for convit_tiny"]
    ),
    (
      ["--model", "deit_tiny_distilled_patch16_224", "--local-up-to-layer", "0"],
      ["a head that learns from a teacher: give distillation-type"]
    ),
    (
      ["--distillation-type", "hard", "--teacher-path", "missing", "--teacher-model", "x"],
      ["teacher-model: no model is called 'x'"]
    ),
    (["--clip-grad", "-1"], ["clip-grad must be positive, found -1"]),
    (["--opt-betas", "0.9"], ["opt-betas must be two numbers in 0 ..< 1, found [0.9]"]),
    (["--opt", "adan"], ["'adan'", "'adamw', 'adam', 'sgd', 'momentum' or 'lion'"]),
    (["--opt", "lion", "--momentum", "0.5"], ["momentum is for opt sgd and momentum, not lion"]),
    (["--clip-mode", "agc"], ["clip-mode agc needs clip-grad"]),
    (["--model-ema-decay", "0.9"], ["model-ema-decay and model-ema-warmup need model-ema"]),
    (["--freeze", "blocks.0.*", "block.1"], ["freeze: no parameter is called 'block.1'"]),
    (["--freeze", "*"], ["freeze: all parameters are frozen"]),
    (
      ["--batch-size", "16", "--global-batch-size", "40"],
      ["global-batch-size must be a multiple of batch-size, which is 16, found 40"]
    ),
    (["--early-stop", "-1"], ["early-stop must be at least 1, found -1"]),
    (["--eval-every", "0"], ["eval-every must be at least 1, found 0"]),
    (["--time-budget", "2x"], ["'2x'", "--time-budget <time>"]),
    (["--sched", "poly", "--decay-rate", "0"], ["decay-rate must be above 0 and at most 100"]),
    (["--patience-epochs", "2"], ["patience-epochs is for sched plateau, not cosine"]),
    (
      ["--sched", "step", "--cooldown-epochs", "1"],
      ["cooldown-epochs is for sched cosine, linear and poly, not step"]
    ),
    (["--sched", "plateau", "--sched-on-updates"], ["sched-on-updates is not for sched plateau"]),
    (["--lr-noise", "0.9", "0.4"], ["lr-noise must be one or two ascending numbers"]),
    (["--seed", "-1"], ["'-1'", "'--seed <int>'"]),
    (["--threads", "0"], ["threads must be at least 1, found 0"]),
    (["--num-workers", "-1"], ["num-workers must be 0 to 1024, found -1"]),
    (["--input-size", "30"], ["patch size 4 does not divide the image size 30 × 30"]),
    (["--input-size", "12x"], ["'12x'", "'--input-size <N|HxW>'"]),
    (["--local-up-to-layer", "2"], ["local_up_to_layer 2 equals the depth"]),
    (["--local-up-to-layer", "-1"], ["local_up_to_layer is -1, expected 0 to depth"]),
    (["--locality-strength", "0"], ["locality-strength must be positive, found 0"]),
    (["--model", "convit_huge"], ["'convit_huge'", "convit models lists"]),
    (["--model", "convit_tinny"], ["Did you mean 'convit_tiny'?"]),
    (["--model", "deit_tiny"], ["Did you mean ", "or 'deit_tiny_patch16_224'?"]),
    (["--sched", "square"], ["'square'", "- cosine"]),
    (["--alpha-background", "red"], ["'red' is not a colour such as 255,255,255"]),
    (["--alpha-background", "1,2,256"], ["'1,2,256' is not a colour"]),
    (["--sampling-ratio", "0"], ["sampling-ratio must be above 0 and at most 1, found 0"]),
    (["--sampling-first"], ["sampling-first is for a sampling-ratio below 1"]),
    (["--scale-epochs"], ["scale-epochs is for a sampling-ratio below 1"]),
    (
      ["--sampling-ratio", "1e-6", "--scale-epochs", "--epochs", "3"],
      ["scale-epochs makes 3000000 epochs"]
    ),
    (["--val-split", "dev", "--val-fraction", "0.1"], ["val-split and val-fraction are two ways"]),
    (["--train-split", ""], ["train-split is empty"]),
    (
      ["--val-split", "dev", "--data-set", "INAT"],
      ["val-split is for folders of images, not for INAT"]
    ),
    (["--val-fraction", "1"], ["val-fraction must be between 0 and 1, found 1"]),
    (
      ["--val-fraction", "0.1", "--data-set", "INAT"],
      ["val-fraction is for folders of images, not for INAT"]
    ),
    (["--data-set", "imagenet"], ["'imagenet'", "IMNET"]),
    (["--inat-category", "genus"], ["inat-category is for data-set INAT and INAT19"]),
    (["--on-bad-image", "ignore"], ["'ignore'", "'error' and 'skip'"]),
    (["--max-bad", "3"], ["max-bad is for on-bad-image skip"]),
    (["--on-bad-image", "skip", "--max-bad", "1.5"], ["max-bad must be a share below 1 or"]),
    (["--max-pixels", "0"], ["max-pixels must be at least 1, found 0"]),
    (["--max-bytes", "-1"], ["max-bytes must be at least 1, found -1"]),
    (["--save-every", "-1"], ["save-every must be at least 1, found -1"]),
    (["--save-every-steps", "-1"], ["save-every-steps must be at least 1, found -1"]),
    (["--on-nonfinite", "skip=0"], ["'skip=0'", "'--on-nonfinite <action>'"]),
    (["--allow-nonfinite"], ["allow-nonfinite is for a run that is resumed (resume)"]),
    (["--allow-other-data"], ["allow-other-data is for a run that is resumed (resume)"]),
    (["--resume", ""], ["resume is empty"]),
    (["--aa", "rand-x9"], ["aa: augmentation 'rand-x9': unknown setting 'x'"]),
    (["--no-augment", "--aa", "v0"], ["aa is for augmented images, not with no-augment"]),
    (["--no-augment", "--reprob", "0.1"], ["reprob is for augmented images"]),
    (["--reprob", "2"], ["reprob must be in 0 to 1, found 2.0"]),
    (["--reprob", "0", "--resplit"], ["resplit is for random erasing, and reprob is 0"]),
    (["--color-jitter", "0.3"], ["color-jitter is for aa none and 3a", "rand-m9-mstd0.5-inc1"]),
    (["--remode", "noise"], ["'noise'", "'const', 'rand' or 'pixel'"]),
    (["--data-path", ""], ["data-path is empty"]),
    (["--output-dir", ""], ["output-dir is empty"]),
  ]

  @Test(arguments: trainFaults.indices) func training(index: Int) throws {
    let (arguments, parts) = Self.trainFaults[index]
    // No such data: what is wrong with the flags comes first.
    try workspace.expectFailure(
      Workspace.flags(
        ["train", "--data-path", "missing", "--output-dir", "new"] + Workspace.tiny,
        replacedBy: arguments),
      status: 2, parts + ["(see convit train --help)"])
  }

  static let otherFaults: [(arguments: [String], parts: [String])] = [
    (["bogus"], ["'bogus'", "convit --help"]),
    (["train", "--output-dir", "new"], ["data-path is missing"]),
    (["train", "--data-path", "data"], ["output-dir is missing"]),
    (["evaluate", "--weights", "missing"], ["'--data-path <folder>'", "convit evaluate --help"]),
    (["evaluate", "--data-path", "missing"], ["'--weights <file>'"]),
    (["predict", "--weights", "missing"], ["'<images> ...'", "convit predict --help"]),
    (["predict", "--weights", "w", "--topk", "0", "a"], ["topk must be at least 1, found 0"]),
    (["predict", "--weights", "w", "--topk", "-1", "a"], ["topk must be at least 1, found -1"]),
    (["predict", "--weights", "w", "--threads", "0", "a"], ["threads must be 1 to 1024, found 0"]),
    (
      ["predict", "--weights", "w", "--model", "x", "a"],
      ["no model is called 'x'", "convit models lists"]
    ),
    (["predict", "--weights", "w", "--patch-size", "0", "a"], ["patch-size must be at least 1"]),
    (["predict", "--weights", "w", "--alpha-background", "0", "a"], ["'0' is not a colour"]),
    (
      ["evaluate", "--weights", "w", "--data-path", "d", "--batch-size", "0"],
      ["batch-size must be 1 to 1000000, found 0"]
    ),
    (
      ["evaluate", "--weights", "w", "--data-path", "d", "--batch-size", "9223372036854775807"],
      ["batch-size must be 1 to 1000000, found 9223372036854775807"]
    ),
    (["bench", "--batch-size", "9999999999"], ["batch-size must be 1 to 100000"]),
    (["bench", "--threads", "100000"], ["threads must be 1 to 1024"]),
    (["bench", "--model", "foo"], ["no model is called 'foo'", "convit models lists"]),
    (["bench", "--mode", "inference", "--recompute"], ["do not go together"]),
    (["bench", "--average", "d4"], ["--mode train and --average do not go together"]),
    (["bench", "--mode", "inference", "--average", "d5"], ["no group is called 'd5'"]),
    (
      [
        "bench", "--mode", "inference", "--model", "timesformer_tiny_patch16_224", "--average",
        "c4",
      ],
      ["--average is for models of images, and timesformer_tiny_patch16_224 is of clips"]
    ),
    (["bench", "--attention", "joint"], ["--attention is for models of clips: --frames"]),
    (
      ["bench", "--frames", "2", "--weights", "w"],
      ["--frames and --weights or --config do not go together"]
    ),
    (["bench", "--model", "timesformer_tin"], ["no model of clips is called 'timesformer_tin'"]),
    (["bench", "--input-size", "30"], ["the patch size 16 does not divide"]),
    (["bench", "--no-exif"], ["flags about images are for --mode data"]),
    (["bench", "--data-path", "data"], ["flags about images are for --mode data"]),
    (["bench", "--mode", "data"], ["--mode data needs --data-path"]),
    (
      ["bench", "--mode", "data", "--data-path", "missing", "--warmup", "2"],
      ["--mode data and --warmup do not go together"]
    ),
    (
      [
        "train", "--data-path", "d", "--output-dir", "new", "--model", "deit_tiny_patch16_224",
        "--locality-strength", "3",
      ], ["locality-strength is for models that have GPSA blocks"]
    ),
    (
      ["train", "--data-path", "d", "--output-dir", "new", "--depth", "1000000"],
      ["the depth must be 1 to 1000, found 1000000"]
    ),
    (
      ["evaluate", "--weights", "w", "--data-path", "d", "--num-workers", "-2"],
      ["num-workers must be 0 to 1024, found -2"]
    ),
    (
      ["evaluate", "--weights", "w", "--data-path", "d", "--seed", "2"],
      ["seed is for --val-fraction"]
    ),
    (["inspect"], ["'<file>'", "convit inspect --help"]), (["models", "x"], ["'x'"]),
    (["dataset", "bogus"], ["'bogus'", "convit dataset --help"]),
    (["dataset", "idx", "--output", "new"], ["'<source>'", "convit dataset idx --help"]),
    (["dataset", "idx", "missing"], ["'--output <folder>'"]),
    (["dataset", "idx", "missing", "--output", ""], ["output is empty"]),
    (
      ["dataset", "idx", "missing", "--output", "new", "--classes", "a", "a"],
      ["class name 'a' is there twice"]
    ),
    (
      ["dataset", "idx", "missing", "--output", "new", "--classes", "../a", "b"],
      ["class name '../a' cannot be a folder"]
    ),
  ]

  @Test(arguments: otherFaults.indices) func others(index: Int) throws {
    try workspace.expectFailure(
      Self.otherFaults[index].arguments, status: 2, Self.otherFaults[index].parts)
  }

  /// Every option of a training that takes a number refuses what is none, and names itself.
  @Test func numbersThatAreNotFinite() throws {
    let flags = CommandFlags(of: ["train"]).flags.filter { $0.valueName == "number" }
    #expect(flags.count > 30)
    for (index, flag) in flags.enumerated() {
      for value in ["nan", index % 2 == 0 ? "-inf" : "inf"] {
        let error = #expect(throws: (any Error).self, "\(flag.name)") {
          try TrainCommand.parse(["--\(flag.name)=\(value)"]).configuration().validate()
        }
        // What the parser finds is a usage error by itself.
        #expect((error as? TrainingError)?.isUsage ?? true)
        let message = error.map { TrainCommand.message(for: $0) }
        #expect(message?.contains(flag.name) == true, "\(flag.name): \(message ?? "")")
      }
    }
  }

  @Test func configs() throws {
    let workspace = try Workspace()
    for (name, text, parts) in [
      (
        "key.yaml", "bath-size: 3",
        ["key.yaml, line 1: unknown key 'bath-size'. Did you mean 'batch-size'?"]
      ),
      ("type.yaml", "epochs: many", ["type.yaml, line 1: 'epochs': expected int, found 'many'"]),
      (
        "list.yaml", "opt-betas: 0.9",
        ["list.yaml, line 1: 'opt-betas': expected a list, found '0.9'"]
      ),
      ("lists.yaml", "lr: [1, 2]", ["lists.yaml, line 1: 'lr': expected one value, found a list"]),
      (
        "flag.yaml", "shuffle: 3",
        ["flag.yaml, line 1: 'shuffle': expected true or false, found '3'"]
      ),
      ("value.yaml", "batch-size: 0", ["batch-size must be at least 1, found 0"]),
      ("brackets.yaml", "lr: [1", ["brackets.yaml, at its end: not YAML: did not find"]),
      ("text.yaml", "lr", ["text.yaml: expected lines of the form `key: value`"]),
      ("empty.yaml", "", ["empty.yaml: expected lines of the form `key: value`"]),
    ] {
      try workspace.write(name, text.utf8)
      let arguments = ["train", "--data-path", "missing", "--output-dir", "new", "--config", name]
      try workspace.expectFailure(arguments, status: 2, parts)
    }
    let base = ["train", "--data-path", "data", "--output-dir", "new", "--config"]
    try workspace.expectFailure(
      base + ["no.yaml"],
      ["no.yaml: cannot read the config: cannot open: No such file or directory"])
    try workspace.expectFailure(base + ["data"], ["data: cannot read the config"])
  }
}
