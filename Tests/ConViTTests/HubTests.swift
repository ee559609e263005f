import Autodiff
import Foundation
import Safetensors
import Testing

@testable import ConViT

/// Folders as hubs give them, whose names are not timm's (Fixtures/make_hub.py).
@Suite struct HubTests {
  private let folder = FileManager.default.temporaryDirectory.appending(
    path: UUID().uuidString, directoryHint: .isDirectory)

  /// The logits of a model for the pixels of the fixture, and how far they are from others.
  private func distance(_ saved: SavedModel, from name: String) throws -> Float {
    let expected = try SafetensorsFile(contentsOf: fixture("hub/expected.safetensors"))
    let shape = Shape(try #require(expected.info("pixels")).shape)
    let pixels = Tensor(shape, try expected.floats("pixels"))
    let logits = saved.model(Tape(saved.weights, .inference).constant(pixels)).value.elements
    let theirs = try expected.floats(name)
    #expect(logits.count == theirs.count)
    return zip(logits, theirs).map { abs($0 - $1) }.max() ?? .infinity
  }

  @Test(arguments: [
    ("vit", "vit"), ("vit_sharded", "vit"), ("deit", "deit"), ("torchvision", "torchvision"),
  ])
  func aFolderGivesTheirLogits(name: String, expected: String) throws {
    let saved = try SavedModel(contentsOf: fixture("hub/\(name)"))
    #expect(try distance(saved, from: expected) < 2e-6)
    let owner = name == "torchvision" ? "torchvision" : "Hugging Face's transformers"
    #expect(saved.warnings[0].hasPrefix("the names are those of \(owner) ("))
    #expect(
      saved.warnings[1].hasPrefix("its config.json says which model it is: 2 blocks, 2 heads"))
    if name.hasPrefix("vit") {
      #expect(saved.classNames == ["cat", "crane", "crane (2)"])
      #expect(
        saved.normalization == ChannelStatistics(mean: [0.5, 0.25, 0.5], std: [0.5, 0.5, 0.25]))
      #expect(saved.cropRatio == 1 && saved.interpolation == .bilinear)
    } else {
      #expect(saved.classNames == (name == "deit" ? nil : ["cat", "crane", "crane (2)"]))
    }
  }

  @Test func anEncoderWithoutAHeadIsFinetuned() throws {
    let path = try fixture("hub/mae")
    #expect(
      message { try SavedModel(contentsOf: path) }.contains("2 missing (head.weight, head.bias)"))
    let model = try VisionTransformer(
      try #require(try HubConfiguration(beside: path + "/x")).configuration)
    let (weights, notes) = try SavedModel.finetuned(model, from: path, seed: 1)
    let file = try SafetensorsFile(contentsOf: path + "/model.safetensors")
    let query = try file.floats("vit.encoder.layer.1.attention.attention.query.weight")
    let value = try file.floats("vit.encoder.layer.1.attention.attention.value.weight")
    let joined = try #require(weights["blocks.1.attn.qkv.weight"]).elements
    #expect(Array(joined[..<64]) == query && Array(joined[128...]) == value)
    #expect(
      notes.contains { $0.contains("are left, as they are no weights") && $0.contains("decoder.") })
  }

  private func message(_ body: () throws -> some Any) -> String {
    do { _ = try body() } catch { return "\(error)" }
    return "nothing thrown"
  }

  private func copy(_ name: String, _ change: (URL) throws -> Void) throws -> String {
    try? FileManager.default.removeItem(at: folder)
    try FileManager.default.copyItem(at: URL(fileURLWithPath: fixture("hub/\(name)")), to: folder)
    try change(folder)
    return folder.path
  }

  private func edit(_ url: URL, _ old: String, _ new: String) throws {
    let text = try String(contentsOf: url, encoding: .utf8)
    #expect(text.contains(old))
    try text.replacing(old, with: new).write(to: url, atomically: true, encoding: .utf8)
  }

  @Test(arguments: [
    (#""gelu""#, #""relu""#, "config.json: its activation is 'relu', not 'gelu'"),
    (#""vit""#, #""bert""#, "config.json: its model is of the type 'bert'; vit, deit, vit_mae and"),
    (#""num_attention_heads": 2"#, #""num_attention_heads": 3"#, "is not divisible by 3 heads"),
    (#""num_hidden_layers": 2"#, #""num_hidden_layers": 1e9"#, "the depth must be 1 to 1000"),
    (#""patch_size": 4"#, #""patch_size": "x""#, "config.json: patch_size is no number"),
    ("{", "[", "config.json: expected a JSON object"),
  ])
  func aConfigurationThatIsNotKnown(old: String, new: String, reason: String) throws {
    let path = try copy("vit") { try edit($0.appending(path: "config.json"), old, new) }
    defer { try? FileManager.default.removeItem(at: folder) }
    let text = message { try SavedModel(contentsOf: path) }
    #expect(text.contains(reason), "\(text)")
  }

  @Test func aConfigurationOfAnotherModelIsNotUsed() throws {
    let path = try copy("vit") {
      try edit($0.appending(path: "config.json"), #""hidden_size": 8"#, #""hidden_size": 16"#)
    }
    defer { try? FileManager.default.removeItem(at: folder) }
    let saved = try SavedModel(contentsOf: path, as: .init(heads: 2))
    #expect(
      saved.warnings.contains("its config.json is not used, as the weights have width 8, not 16"))
    #expect(try distance(saved, from: "vit") < 2e-5)
  }

  @Test(arguments: [
    ("model-00002-of", "../model-00002-of", "it names a file elsewhere, '../model-0"),
    ("model-00002-of", "model-00009-of", "model-00009-of-00004.safetensors: cannot open: No such"),
    ("vit.layernorm.bias", "vit.layernorm.other", "tensor 'vit.layernorm.other' is not in model-0"),
    ("weight_map", "weights", "expected a JSON index of shards, with a weight_map"),
  ])
  func anIndexThatIsWrong(old: String, new: String, reason: String) throws {
    let path = try copy("vit_sharded") {
      try edit($0.appending(path: "model.safetensors.index.json"), old, new)
    }
    defer { try? FileManager.default.removeItem(at: folder) }
    let text = message { try SavedModel(contentsOf: path) }
    #expect(text.contains(reason), "\(text)")
  }

  @Test func partsThatAreMissing() throws {
    let file = try SafetensorsFile(contentsOf: fixture("hub/vit/model.safetensors"))
    let path = folder.path + ".safetensors"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let key = "vit.encoder.layer.1.attention.attention.key.weight"
    try SafetensorsWriter.write(
      try file.tensors.filter { $0.name != key }.map {
        OutputTensor(name: $0.name, shape: $0.shape, data: try file.floats($0.name))
      }, to: path)
    let text = message { try SavedModel(contentsOf: path, as: .init(heads: 2)) }
    #expect(
      text.contains("blocks.1.attn.qkv.weight: 2 of its 3 parts are there (vit.enc"), "\(text)")
  }

  @Test func aConvertedFolderIsTheSameFromAnyForm() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var files: [Data] = []
    for name in ["vit", "vit_sharded"] {
      let path = folder.path + "/\(name).safetensors"
      _ = try WeightsFile(contentsOf: fixture("hub/\(name)")).write(to: path, model: nil)
      files.append(try Data(contentsOf: URL(fileURLWithPath: path)))
      let saved = try SavedModel(contentsOf: path)
      #expect(saved.warnings.isEmpty && saved.classNames?.last == "crane (2)")
      #expect(try distance(saved, from: "vit") < 2e-5)
      let again = folder.path + "/again.safetensors"
      _ = try WeightsFile(contentsOf: path).write(to: again, model: nil)
      #expect(try Data(contentsOf: URL(fileURLWithPath: again)) == files.last)
      try saved.write(to: again)
      #expect(try Data(contentsOf: URL(fileURLWithPath: again)) == files.last)
    }
    #expect(files[0] == files[1])
  }
}
