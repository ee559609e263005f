import Foundation
import Testing

@testable import Recipes

/// What configs and checkpoints hold: keys follow from names of properties, and files must stay
/// readable when a property is renamed.
@Suite struct ConfigurationTextTests {
  /// All keys of version 0.1, in their order.
  private static let keys = """
    model input-size channels patch-size heads head-dim mlp-ratio dim heads-by-layer
    hidden-by-layer depth local-up-to-layer locality-strength global-pool frames attention
    nb-classes drop attn-drop drop-path finetune ticket partial keep-pruned prune prune-rounds
    prune-scope gate gate-start local-init freeze-gpsa pos-embed
    batch-size global-batch-size epochs lr unscale-lr min-lr warmup-lr warmup-epochs
    cooldown-epochs sched decay-epochs decay-milestones decay-rate patience-epochs early-stop
    lr-noise lr-noise-pct lr-noise-std sched-on-updates opt weight-decay opt-eps opt-betas
    momentum clip-grad clip-mode layer-decay freeze attn-only model-ema model-ema-decay
    model-ema-warmup smoothing class-weights mixup cutmix cutmix-minmax mixup-prob
    mixup-switch-prob mixup-mode mixup-off-epoch bce-loss bce-target-thresh distillation-type
    teacher-model teacher-path distillation-alpha distillation-tau distillation-reduction
    distill-average augment
    train-interpolation src aa color-jitter reprob remode recount resplit data-path val-path
    data-set inat-category train-split val-split val-fraction sampling-ratio sampling-first
    scale-epochs prac-set repeated-aug shuffle on-bad-image max-bad exif alpha-background
    eval-crop-ratio mean std sixteen-bit lenient-jpeg max-pixels max-bytes scaled-decoding
    frame-stride train-placement eval-placement max-frames max-seconds output-dir resume
    allow-other-data allow-nonfinite save-every save-every-steps eval-every time-budget
    on-nonfinite seed threads num-workers shard-size lanes pin-threads precision recompute
    log-every locality-every locality-sample tensorboard report
    """

  @Test func keysStay() {
    #expect(
      TrainingConfiguration.keys == Self.keys.split(whereSeparator: \.isWhitespace).map(String.init)
    )
  }

  /// `configuration.yaml` is as version 0.1 wrote it before keys were derived: every key has a
  /// value, with text that needs quotes and numbers that a Float or a Double must not change.
  @Test func textStays() throws {
    let path = try TrainingFixture.path("configuration.yaml")
    let read = try TrainingConfiguration(contentsOf: path)
    #expect(try read.yaml() == String(contentsOfFile: path, encoding: .utf8))
    let given = try String(contentsOfFile: path, encoding: .utf8).matches(of: /(?m)^([a-z-]+):/)
    #expect(given.map { String($0.1) } == TrainingConfiguration.keys)
    #expect((read.dropPath, read.lr, read.seed) == (0.3, 1.0 / 3, .max))
    #expect(
      read.freeze == ["norm.*", "true", "it's", "a: b", "12"] && read.finetune == "null and void: ")
    #expect(read.teacherPath == "a\nb \"c\" ü # d" && read.teacherModel == "on")
  }

  /// Paths may hold letters that YAML takes for line breaks, or refuses.
  @Test(arguments: ["\u{7F}", "\u{85}", "\u{2028}", "\u{FEFF}", "\u{FFFE}", "\u{1}", "é", "🐦"])
  func lettersThatYAMLDoesNotTake(letter: String) throws {
    var configuration = TrainingConfiguration()
    configuration.dataPath = "a\(letter)b"
    let path = NSTemporaryDirectory() + "letters-\(UUID().uuidString).yaml"
    defer { unlink(path) }
    try configuration.yaml().write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try TrainingConfiguration(contentsOf: path) == configuration)
    #expect(try configuration.differences(from: .init()).map(\.new) == ["a\(letter)b"])
  }

  /// Settings are compared as values, whatever their text.
  @Test func differencesAreNamedInOrder() throws {
    let old = TrainingConfiguration()
    var new = old
    (new.seed, new.lr, new.optBetas, new.dropPath) = (7, 1e-3, [0.5, 0.25], 0.3)
    let differences = try new.differences(from: old).map { "\($0.key) \($0.new), \($0.old)" }
    #expect(
      differences == [
        "drop-path 0.3, 0.1", "lr 0.001, 0.0005", "opt-betas 0.5 0.25, left out", "seed 7, 0",
      ])
    #expect(try new.differences(from: new).isEmpty)
  }
}
