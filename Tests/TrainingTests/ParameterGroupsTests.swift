import Autodiff
import ConViT
import Foundation
import Testing

@testable import Recipes
@testable import Training

/// Which parameters are trained, how fast and with which decay, against timm and DeiT.
@Suite struct ParameterGroupsTests {
  private struct File: Decodable {
    struct Layers: Decodable {
      let layer_decay: Double
      let scales: [String: [Double]]
      let attention_only: Set<String>
    }
    let layers: [String: Layers]
  }

  private let file: File

  init() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: try TrainingFixture.path("recipe.json")))
    file = try JSONDecoder().decode(File.self, from: data)
  }

  private func tree(_ name: String) throws -> ParameterTree {
    var model = ModelSettings()
    (model.model, model.inputSize) = (name, try #require(InputSize("32")))
    (model.heads, model.headDim, model.depth) = (4, 3, 3)
    if name == "convit_tiny" { model.localUpToLayer = 2 }
    return ParameterTree(try VisionTransformer(model.configuration(classes: 5)))
  }

  @Test(arguments: ["convit_tiny", "deit_tiny_patch16_224", "vit_wee_patch16_reg1_gap_256"])
  func ratesByLayerAreTimms(_ name: String) throws {
    let (tree, layers) = (try tree(name), try #require(file.layers[name]))
    var settings = OptimizerSettings()
    settings.layerDecay = layers.layer_decay
    let groups = settings.groups(of: tree)
    #expect(Set(tree.names) == Set(layers.scales.keys))
    for (slot, name) in tree.names.enumerated() {
      let expected = try #require(layers.scales[name])
      #expect(abs(groups.rates[slot] - expected[0]) < 1e-15, "\(name)")
      #expect(groups.decays[slot] == Float(expected[1]), "\(name)")
    }
  }

  @Test(arguments: ["convit_tiny", "deit_tiny_patch16_224"])
  func attentionOnlyIsDeiTs(_ name: String) throws {
    let tree = try tree(name)
    var settings = OptimizerSettings()
    settings.attnOnly = true
    let trained = (!(try settings.frozen(in: tree))).slots(in: tree).map { tree.names[$0] }
    #expect(Set(trained) == (try #require(file.layers[name])).attention_only)
  }

  @Test func patterns() throws {
    let tree = try tree("convit_tiny")
    func frozen(_ patterns: String...) throws -> [String] {
      var settings = OptimizerSettings()
      settings.freeze = patterns
      return try settings.frozen(in: tree).slots(in: tree).map { tree.names[$0] }.sorted()
    }
    #expect(try frozen() == [])
    #expect(
      try frozen("patch_embed.*", "cls_token")
        == ["cls_token", "patch_embed.proj.bias", "patch_embed.proj.weight"])
    #expect(try frozen("blocks.?.norm1.bias").count == 3)
    #expect(try frozen("*.attn.*").count == tree.names.count { $0.contains(".attn.") })
    #expect(throws: TrainingError.self) { try frozen("norm.*", "normal") }
    #expect(throws: TrainingError.self) { try frozen("*") }
  }
}
