import Autodiff
import ConViT
import Testing

@testable import Recipes
@testable import Training

/// Each row of the paper's table 3 is what it says.
@Suite struct AblationTests {
  private func configuration(_ settings: String) throws -> TrainingConfiguration {
    try TrainingConfiguration(
      yaml: "{model: convit_tiny, input-size: 12, patch-size: 4, heads: 4, head-dim: 4, depth: 3, "
        + "local-up-to-layer: 2\(settings.isEmpty ? "" : ", " + settings)}", of: "test")
  }

  private func model(_ settings: String) throws -> VisionTransformer {
    try VisionTransformer(configuration(settings).modelConfiguration(classes: 2))
  }

  /// What does not move in a step.
  private func frozen(_ settings: String) throws -> Set<String> {
    let (model, c) = (try model(settings), try configuration(settings))
    let tree = ParameterTree(model)
    let frozen = try c.trainedOptimizer(of: model.configuration).frozen(in: tree)
    return Set(frozen.slots(in: tree).map { tree.names[$0] })
  }

  private func isGate(_ name: String) -> Bool { name.hasSuffix("gating_param") }

  @Test func gatesAreFrozenOrAbsent() throws {
    let names = ParameterTree(try model("")).names
    #expect(try frozen("") == [])
    #expect(try frozen("gate: frozen, gate-start: 0") == Set(names.filter(isGate)))
    #expect(try frozen("gate: frozen, freeze: [head.*]").count == 4)
    let start = ParameterStore(try model("gate: frozen, gate-start: -0.5"), seed: 0)
    #expect(start["blocks.1.attn.gating_param"]?.elements == [-0.5, -0.5, -0.5, -0.5])
    #expect(
      ParameterTree(try model("gate: absent")).names.sorted()
        == names.filter { !isGate($0) }.sorted())
  }

  @Test func frozenGPSAIsAllOfItsAttention() throws {
    let names = ParameterTree(try model("")).names
    let attention = names.filter { $0.hasPrefix("blocks.0.attn") || $0.hasPrefix("blocks.1.attn") }
    #expect(attention.count == 14)
    #expect(try frozen("freeze-gpsa: true") == Set(attention))
    #expect(try frozen("freeze-gpsa: true, gate: absent").count == 12)
  }

  @Test func startsAndEmbedding() throws {
    let (convolution, random) = (try model(""), try model("local-init: false"))
    func value(_ model: VisionTransformer, _ name: String) throws -> Tensor {
      try #require(ParameterStore(model, seed: 3)["blocks.0.attn." + name])
    }
    let identity = (0..<256).map { $0 % 17 == 0 ? Float(1) : 0 }
    #expect(try value(convolution, "v.weight").elements == identity)
    #expect(try value(random, "v.weight").elements.allSatisfy { $0 != 0 && abs($0) < 0.12 })
    #expect(try value(random, "pos_proj.weight").elements.allSatisfy { abs($0) < 0.12 })
    #expect(try value(random, "qk.weight") == value(convolution, "qk.weight"))
    #expect(try model("pos-embed: false").posEmbed == nil)
  }

  /// As timm's global_pool: a class token stays among the keys where it can join.
  @Test func whatTheHeadReads() throws {
    func names(_ c: TrainingConfiguration) throws -> Set<String> {
      Set(ParameterTree(try VisionTransformer(c.modelConfiguration(classes: 2))).names)
    }
    var c = try configuration("global-pool: avg")
    let model = try c.modelConfiguration(classes: 2)
    #expect(model.pooling == .average && model.keepsClassToken && !model.normFollowsPooling)
    #expect(try names(c).isSuperset(of: ["cls_token", "norm.weight"]))
    c.localUpToLayer = 3
    #expect(try names(c).isDisjoint(with: ["cls_token"]))
    c.globalPool = .token
    #expect(throws: TrainingError.self) { try c.modelConfiguration(classes: 2) }
    (c.model, c.localUpToLayer, c.globalPool) = ("deit_tiny_patch16_224", nil, .avg)
    #expect(try names(c).isSuperset(of: ["cls_token", "fc_norm.weight"]))
    c.globalPool = nil
    #expect(try names(c).isDisjoint(with: ["fc_norm.weight"]))
    // A preset with the mean and without a token stays as it is.
    (c.model, c.globalPool) = ("vit_medium_patch16_gap_256", .avg)
    #expect(try names(c).isDisjoint(with: ["cls_token", "fc_norm.weight"]))
    c.globalPool = .token
    #expect(try names(c).contains("cls_token"))
  }

  @Test func whatHasNoEffectIsAnError() throws {
    func fault(_ settings: String) -> String {
      do {
        let c = try configuration(settings)
        try c.validate()
        _ = try c.modelConfiguration(classes: 2)
      } catch let error as TrainingError {
        return error.isUsage ? error.message : "not usage"
      } catch { return "\(error)" }
      return "nothing thrown"
    }
    #expect(fault("gate: open").contains("'gate'"))
    #expect(fault("gate-start: .inf").contains("gate-start must be finite"))
    #expect(fault("gate: absent, gate-start: 2").contains("gate absent has none"))
    #expect(fault("gate: frozen, freeze-gpsa: true").contains("gate frozen has no effect"))
    #expect(
      fault("local-init: false, locality-strength: 2").contains("locality-strength is of the conv"))
    #expect(fault("local-init: false, finetune: w").contains("local-init: of the start"))
    #expect(fault("locality-strength: 2, finetune: w").contains("finetune takes from a file"))
    #expect(fault("gate-start: 0, finetune: w, partial: true") == "nothing thrown")
    let plain = try TrainingConfiguration(
      yaml: "{model: deit_tiny_patch16_224, gate: frozen, local-init: false}", of: "test")
    let error = #expect(throws: TrainingError.self) {
      try plain.modelConfiguration(classes: 2)
    }
    #expect(error?.message == "gate, local-init: for models that have GPSA blocks")
  }
}
