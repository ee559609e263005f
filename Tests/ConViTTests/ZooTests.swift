import Autodiff
import ConViT
import Files
import Foundation
import Safetensors
import Testing

/// The zoo's presets against timm (Fixtures/make_zoo.py), and small models with their parts.
@Suite struct ZooTests {
  struct Theirs: Decodable {
    let parameters, size: Int
    let shapes, interpolation: String
    let epsilon: Float
    let layer_scale: Float?
    let mean, std: [Float]
    let crop: Double
  }

  private func zoo() throws -> [String: Theirs] {
    let data = try Data(contentsOf: URL(fileURLWithPath: fixture("zoo.json")))
    return try JSONDecoder().decode([String: Theirs].self, from: data)
  }

  @Test func presetsAreTimms() throws {
    let zoo = try zoo()
    #expect(Set(zoo.keys) == Set(Preset.all.map(\.name).filter { !$0.hasSuffix("plus") }))
    for preset in Preset.all {
      guard let theirs = zoo[preset.name] else { continue }
      let (name, c) = (preset.name, preset.configuration)
      let tree = ParameterTree(try VisionTransformer(c))
      #expect(tree.elementCount == theirs.parameters, "\(name)")
      let lines = zip(tree.names, tree.parameters)
        .map { "\($0) [\($1.shape.sizes.map(String.init).joined(separator: ", "))]" }
      let hash = FNV1a(lines.sorted().joined(separator: "\n").utf8).value
      #expect(String(format: "%016lx", hash) == theirs.shapes, "\(name)")
      #expect(c.imageHeight == theirs.size && c.imageWidth == theirs.size, "\(name)")
      #expect(c.normEpsilon == theirs.epsilon && c.layerScale == theirs.layer_scale, "\(name)")
      #expect(preset.normalization.mean == theirs.mean, "\(name)")
      #expect(preset.normalization.std == theirs.std, "\(name)")
      // DeiT's own evaluation keeps 0.875, where timm has 0.9.
      let crop = preset.family == .deit ? 0.875 : theirs.crop
      #expect(preset.cropRatio == crop && theirs.interpolation == "bicubic", "\(name)")
    }
  }

  @Test func aTagChoosesInputs() throws {
    #expect(
      try Preset.named("vit_base_patch16_224.mae").normalization
        == Preset.named("convit_tiny").normalization)
    #expect(
      try Preset.named("vit_base_patch16_224.augreg_in1k").normalization.mean == [0.5, 0.5, 0.5])
    #expect(throws: ConfigurationError.self) { try Preset.named("vit_base_patch15_224.mae") }
  }

  /// Models of one kind each, whose logits and derivatives timm gave.
  @Test(arguments: ["zoo_deit3", "zoo_registers", "zoo_average", "zoo_distilled_epsilon"])
  func smallModels(name: String) throws {
    let file = try SafetensorsFile(contentsOf: fixture("\(name).safetensors"))
    let text = try #require(file.metadata["configuration"])
    let c = try JSONDecoder().decode(ViTConfiguration.self, from: Data(text.utf8))
    let model = try VisionTransformer(c)
    let tree = ParameterTree(model)
    func tensor(_ name: String) throws -> Tensor {
      Tensor(Shape(try #require(file.info(name)).shape), try file.floats(name))
    }
    let weights = ParameterStore(tree, try tree.names.map { try tensor("param." + $0) })
    let images = try tensor("images")
    func distance(_ a: Tensor, _ b: Tensor) -> Float {
      let scale = b.elements.map(abs).max() ?? 0
      return (zip(a.elements, b.elements).map { abs($0 - $1) }.max() ?? 0) / max(scale, 1e-6)
    }
    let inference = model(Tape(weights, .inference).constant(images)).value
    #expect(distance(inference, try tensor("logits")) < 2e-6)
    let tape = Tape(weights)
    let cotangent = tape.constant(try tensor("cotangent"))
    let gradients = tape.gradients(of: (model(tape.constant(images)) * cotangent).sum())
    for name in tree.names {
      let ours = try #require(gradients[name])
      #expect(distance(ours, try tensor("grad." + name)) < 1e-5, "\(name)")
    }
  }

  private func transformer(_ saved: SavedModel) throws -> VisionTransformer { try saved.model() }

  @Test func aNewModelOfEachKindIsTheSameFromAFile() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: path) }
    for name in ["deit3_small_patch16_224", "vit_wee_patch16_reg1_gap_256", "vit_tiny_patch16_384"]
    {
      var c = try ViTConfiguration.preset(of: name)
      (c.depth, c.embedDim, c.heads, c.mlpRatio) = (2, 16, 2, 4)
      (c.imageHeight, c.imageWidth, c.patchSize, c.classes) = (32, 32, 8, 3)
      let model = try VisionTransformer(c)
      let weights = ParameterStore(model, seed: 1)
      var saved = SavedModel(model, weights)
      (saved.cropRatio, saved.interpolation) = (0.9, .bilinear)
      try saved.write(to: path)
      let loaded = try SavedModel(contentsOf: path)
      #expect(try transformer(loaded).configuration == c)
      #expect(loaded.cropRatio == 0.9 && loaded.interpolation == .bilinear)
      #expect(loaded.warnings.isEmpty && loaded.weights.values == weights.values)
      // Without what it says, the shapes tell all but the heads.
      let bare = path + ".bare"
      defer { try? FileManager.default.removeItem(atPath: bare) }
      try SafetensorsWriter.write(weights.outputTensors, to: bare)
      let shaped = try SavedModel(contentsOf: bare, as: .init(heads: 2))
      #expect(try transformer(shaped).configuration.registers == c.registers)
      #expect(
        try transformer(shaped).configuration.embedsTokens == c.embedsTokens
          || c.registers > 0)
      #expect(shaped.weights.values == weights.values)
      // At another size the position embedding is resampled, and everything runs.
      let larger = try SavedModel(contentsOf: path, as: .init(imageHeight: 48, imageWidth: 40))
      let images = Tensor(repeating: 0.5, [1, 3, 48, 40])
      #expect(
        larger.model(Tape(larger.weights, .inference).constant(images)).value.shape == [1, 3])
    }
  }
}
