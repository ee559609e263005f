import Foundation
import Images
import Testing
import Training

@testable import Recipes

@Suite struct ConfigurationTests {
  private func read(_ yaml: String) throws -> TrainingConfiguration {
    let path = NSTemporaryDirectory() + UUID().uuidString + ".yaml"
    try yaml.write(toFile: path, atomically: true, encoding: .utf8)
    return try TrainingConfiguration(contentsOf: path)
  }

  private func fault(_ yaml: String) -> String {
    do { _ = try read(yaml) } catch { return "\(error)" }
    return "nothing thrown"
  }

  @Test func whatIsNotMentionedKeepsItsDefault() throws {
    let c = try read(
      "lr: 0.001\ninput-size: 28\nbatch_size: 8\nno-shuffle: true\nopt-betas: [0.8, 0.99]")
    var expected = TrainingConfiguration()
    (expected.lr, expected.batchSize, expected.shuffle) = (0.001, 8, false)
    expected.inputSize = try #require(InputSize("28"))
    expected.optBetas = [0.8, 0.99]
    #expect(c == expected)
    #expect(try read(c.yaml()) == c)
    #expect(try read("input-size: 160x288").inputSize.size.width == 288)
  }

  @Test func theDefaultsAreDeiTs() {
    let c = TrainingConfiguration()
    #expect((c.batchSize, c.epochs, c.lr, c.weightDecay) == (64, 300, 5e-4, 0.05))
    #expect((c.minLr, c.warmupLr, c.smoothing) == (1e-5, 1e-6, 0.1))
    #expect(c.learningRates.warmupEpochs == 5)
    #expect((c.dropPath, c.drop, c.repeatedAug, c.optEps) == (0.1, 0, true, 1e-8))
    #expect((c.mixup, c.cutmix, c.mixupProb, c.mixupSwitchProb) == (0.8, 1, 1, 0.5))
    #expect((c.mixupMode, c.mixupOffEpoch, c.bceLoss, c.attnDrop) == (.batch, 0, false, 0))
    #expect((c.distillationType, c.distillationAlpha, c.distillationTau) == (.none, 0.5, 1))
    #expect((c.inputSize.description, c.patchSize, c.trainInterpolation) == ("224", 16, .bicubic))
  }

  @Test func settingsReachTheDecoder() throws {
    let plain = try TrainingConfiguration().data.decoder()
    #expect(plain == ImageDecoder())
    let c = try read(
      "no-exif: true\nalpha-background: 1,2,3\nlenient-jpeg: true\nmax-pixels: 9\nmax-bytes: 8")
    let decoder = try c.data.decoder()
    #expect(!decoder.appliesOrientation && decoder.isLenient)
    #expect(decoder.alpha == .composited(red: 1, green: 2, blue: 3))
    #expect(decoder.maxPixels == 9 && decoder.maxBytes == 8)
  }

  @Test func whatIsWrongIsNamed() {
    #expect(fault("batch: 3").contains("unknown key 'batch'"))
    #expect(fault("no-lr: 3").contains("unknown key 'no-lr'"))
    #expect(fault("epochs: many").contains("'epochs'"))
    #expect(fault("input-size: 0").contains("'0' is not a size such as 224 or 160x288"))
    #expect(fault("sched: square").contains("'sched'"))
    #expect(fault("lr: 1\nlr: 2").contains("lr"))
    #expect(fault("just text").contains("expected lines of the form"))
    #expect(fault("a: [1").contains("not YAML"))
    let missing = #expect(throws: TrainingError.self) {
      try TrainingConfiguration(contentsOf: "/nowhere/c.yaml")
    }
    #expect(missing?.message.hasSuffix("cannot open: No such file or directory") == true)
  }

  /// A text, and what is said of it after the name of the file.
  static let faults = [
    ("lr: 1\n\tepochs: 3\n", ", line 2, column 1: not YAML: lines are indented with spaces"),
    ("lr: 1\n  epochs: 3\n", ", line 2, column 9: not YAML: a second colon, or a line indented"),
    ("epochs: 3\nlr: 1\nepochs: 4\n", ": 'epochs' is there twice, in lines 1 and 3"),
    ("batch-size: 3\n\nbatch_size: 4\n", ", line 3: 'batch-size' is there twice"),
    ("lr: 1\nepochs: ten\n", ", line 2: 'epochs': expected int, found 'ten'"),
    ("lr: 1\r\nepochs: ten\r\n", ", line 2: 'epochs': expected int, found 'ten'"),
    (
      "\n\nopt: adan\n",
      ", line 3: 'opt': expected one of adamw, adam, sgd, momentum, lion, found 'adan'"
    ),
    ("batchsize: 3", ", line 1: unknown key 'batchsize'. Did you mean 'batch-size'?"),
    ("learning_rate: 3", "unknown key 'learning_rate'. Did you mean 'lr'?"),
    ("pretrained: true", "unknown key 'pretrained': nothing is downloaded"),
    ("lr: [1\nepochs: 3\n", ", line 2, column 7: not YAML"),
  ]

  @Test(arguments: faults) func faultsHaveTheirPlace(_ yaml: String, _ text: String) {
    let message = fault(yaml)
    #expect(message.contains(".yaml" + text) || message.contains(", line 1: " + text), "\(message)")
  }

  @Test func aByteOrderMarkIsNoPartOfTheText() throws {
    let two = try read("\u{feff}lr: 0.25\nepochs: 7\n")
    #expect(two.lr == 0.25 && two.epochs == 7)
  }

  /// Found by fuzzing: what a config says moved the cursor.
  @Test func errorsAreOneLine() throws {
    for (text, shown) in [
      ("\"a\\r\": 1", #"\r"#), ("lr: \"\\x1b[2J\"", #"\u{1b}"#),
      ("model: \"\\u2028\"", #"\u{2028}"#),
    ] {
      let error = #expect(throws: TrainingError.self) {
        _ = try read(text).modelConfiguration(classes: 2)
      }
      #expect(error?.description.contains(shown) == true, "\(text)")
    }
  }

  @Test func numbersThatMakeNoSenseAreUsageErrors() throws {
    func fault(_ change: (inout TrainingConfiguration) -> Void) -> String {
      var c = TrainingConfiguration()
      change(&c)
      do { try c.validate() } catch { return error.isUsage ? error.message : "not usage" }
      return "nothing thrown"
    }
    #expect(fault { $0.batchSize = 0 } == "batch-size must be at least 1, found 0")
    #expect(fault { $0.epochs = 0 }.contains("epochs must be at least 1"))
    #expect(fault { $0.lr = 0 }.contains("lr must be positive"))
    #expect(fault { $0.lr = .nan }.contains("lr must be positive"))
    #expect(fault { ($0.epochs, $0.warmupEpochs) = (3, 4) }.contains("warmup-epochs must be 0 to"))
    #expect(fault { $0.optBetas = [0.9, 1] }.contains("opt-betas"))
    #expect(fault { $0.dropPath = 1 }.contains("drop-path must be in 0 ..< 1"))
    #expect(fault { $0.smoothing = -0.1 }.contains("smoothing"))
    #expect(fault { $0.weightDecay = .infinity }.contains("weight-decay"))
    #expect(fault { $0.threads = 0 }.contains("threads"))
    #expect(fault { _ in } == "nothing thrown")
  }
}
