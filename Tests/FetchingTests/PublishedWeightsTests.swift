import Autodiff
import ConViT
import Testing

@testable import Fetching

@Suite struct PublishedWeightsTests {
  @Test func everyNameIsThereOnceAndHasAPreset() throws {
    let all = PublishedWeights.all
    #expect(all.count > 80 && Set(all.map(\.name)).count == all.count)
    for weights in all {
      _ = try ViTConfiguration.preset(of: weights.model)
      #expect(throws: Never.self) { try Fetch(weights.file, to: "x") }
    }
  }

  /// What the tables of others say against our own models: a slip in a row is another model's.
  @Test func parametersAreThoseOfThePreset() throws {
    for weights in PublishedWeights.all where weights.accuracy != nil {
      let model = try VisionTransformer(ViTConfiguration.preset(of: weights.model))
      let count = ParameterTree(model).elementCount
      #expect(abs(Double(count) / 1e6 - weights.millions) < 0.006, "\(weights.name): \(count)")
    }
  }

  @Test func names() {
    #expect(PublishedWeights.named("convit_tiny")?.path == "/convit/convit_tiny.pth")
    #expect(PublishedWeights.named("convit_tiny")?.outputName == "convit_tiny.pth")
    #expect(PublishedWeights.named("convit_tiny")?.configuration == nil)
    let hub = PublishedWeights.named("convit_tiny.fb_in1k")
    #expect(hub?.path == "/timm/convit_tiny.fb_in1k/resolve/main/model.safetensors")
    #expect(hub?.outputName == "convit_tiny.fb_in1k")
    #expect(hub?.configuration?.path == "/timm/convit_tiny.fb_in1k/resolve/main/config.json")
    #expect(
      PublishedWeights.named("vit_wee_patch16_reg1_gap_256")?.name.hasSuffix("sbb_in1k") == true)
    #expect(PublishedWeights.named("vit_base_patch16_224") == nil)
    #expect(PublishedWeights.named("") == nil)
  }
}
