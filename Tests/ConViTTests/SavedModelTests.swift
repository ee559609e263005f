import Autodiff
import ConViT
import Foundation
import Safetensors
import Testing

@Suite struct SavedModelTests {
  let folder = NSTemporaryDirectory() + "saved-model-" + UUID().uuidString

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  private func small(_ change: (inout ViTConfiguration) -> Void = { _ in }) throws -> SavedModel {
    var c = ViTConfiguration(.convit, imageSize: 16, patchSize: 4, embedDim: 16, heads: 4)
    (c.depth, c.localUpToLayer, c.classes) = (2, 1, 3)
    change(&c)
    let model = try VisionTransformer(c)
    return SavedModel(model, ParameterStore(model, seed: 5), classNames: ["a", "b", "c"])
  }

  @Test func comesBackAsItWas() throws {
    let (saved, path) = (try small(), folder + "/model.safetensors")
    try saved.write(to: path)
    let loaded = try SavedModel(contentsOf: path)
    #expect(loaded.model.configuration == saved.model.configuration)
    #expect(loaded.classNames == ["a", "b", "c"])
    #expect(loaded.weights.values == saved.weights.values)
    #expect(loaded.warnings.isEmpty)
  }

  @Test func aFileWithoutMetadataNeedsAName() throws {
    let path = folder + "/bare.safetensors"
    let model = try VisionTransformer(try .preset(of: "deit_tiny_patch16_224"))
    let tensors = ParameterStore(model, seed: 0).outputTensors.map { tensor in
      tensor.name.hasPrefix("head.")
        ? OutputTensor(
          name: tensor.name, shape: [7] + tensor.shape.dropFirst(),
          data: Array(repeating: 0, count: 7 * tensor.shape.dropFirst().reduce(1, *)))
        : tensor
    }
    try SafetensorsWriter.write(tensors, to: path)
    #expect(message { try SavedModel(contentsOf: path) }.contains("name it with --model"))
    let loaded = try SavedModel(contentsOf: path, as: .init(name: "deit_tiny_patch16_224"))
    #expect(loaded.model.configuration.classes == 7)
    let other = message { try SavedModel(contentsOf: path, as: .init(name: "convit_tiny")) }
    #expect(other.contains("not weights of this model"))
    #expect(other.contains("1 of another shape (pos_embed [1, 197, 192] instead of [1, 196, 192])"))
    #expect(other.contains("50 missing (blocks.0.attn.qk.weight, "))
    #expect(other.contains("22 not of the model (blocks.0.attn.qkv.weight, "))
    #expect(!other.contains("\n"))
    let unknown = message { try SavedModel(contentsOf: path, as: .init(name: "resnet50")) }
    #expect(unknown.contains("no model is called 'resnet50'"))
  }

  @Test func aDescriptionThatDiffersFromTheFileIsAnError() throws {
    let path = folder + "/model.safetensors"
    try small().write(to: path)
    let tiny = message { try SavedModel(contentsOf: path, as: .init(name: "convit_tiny")) }
    #expect(tiny.contains("the file's model has embedding dimension 16, not 192 as asked"))
    let size = message { try SavedModel(contentsOf: path, as: .init(imageHeight: 30)) }
    #expect(size.contains("the patch size 4 does not divide the image size 30 × 16"))
    let patch = message { try SavedModel(contentsOf: path, as: .init(patchSize: 8)) }
    #expect(patch.contains("patch size 4, not 8 as asked"))
  }

  @Test func numbersThatAreNotFiniteAreReported() throws {
    var saved = try small()
    saved.weights[slot: 0] = Tensor(repeating: .nan, saved.weights.values[0].shape)
    let path = folder + "/nan.safetensors"
    try saved.write(to: path)
    let warnings = try SavedModel(contentsOf: path).warnings
    #expect(warnings == ["not all numbers are finite in \(saved.weights.tree.names[0])"])
  }

  @Test func impossibleConfigurationsAreErrors() throws {
    func fault(_ change: (inout ViTConfiguration) -> Void) -> String {
      message { try small(change) }
    }
    #expect(fault { $0.patchSize = 5 }.contains("patch size 5 does not divide"))
    #expect(fault { $0.heads = 3 }.contains("not divisible by 3 heads"))
    #expect(fault { $0.localUpToLayer = 2 }.contains("class token would never join"))
    #expect(fault { $0.localUpToLayer = 3 }.contains("not in 0 ... depth"))
    #expect(fault { $0.dropPathRate = 1 }.contains("drop-path rate 1.0"))
    #expect(fault { $0.classes = 0 }.contains("the classes must be 1 to 1000000, found 0"))
    #expect(fault { $0.start = .convolutional(strength: 0) }.contains("locality strength"))
    #expect(fault { ($0.localUpToLayer, $0.pooling) = (2, .average) } == "nothing thrown")
  }

  private func message(_ body: () throws -> some Any) -> String {
    do { _ = try body() } catch { return "\(error)" }
    return "nothing thrown"
  }
}
