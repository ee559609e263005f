import Autodiff
import Foundation
import Safetensors
import Testing

@testable import ConViT

/// Tags and `model_args` against timm (Fixtures/make_zoo_inputs.py), and pooling that is not said.
@Suite struct ZooInputsTests {
  struct Inputs: Decodable {
    let mean, std: [Float]
    let crop: Double
  }

  struct Pooled: Decodable {
    let architecture: String
    let shapes: [String]
    let mean: Bool
  }

  private let folder = FileManager.default.temporaryDirectory.appending(
    path: UUID().uuidString, directoryHint: .isDirectory)

  private func contents(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: fixture(name)))
  }

  @Test func inputsOfTagsAreTimms() throws {
    let theirs = try JSONDecoder().decode([String: Inputs].self, from: contents("zoo_tags.json"))
    #expect(theirs.count > 100)
    for (name, inputs) in theirs {
      let preset = try Preset.named(name)
      #expect(preset.normalization.mean == inputs.mean, "\(name)")
      #expect(preset.normalization.std == inputs.std, "\(name)")
      // ConViT's and DeiT's own evaluation keeps 0.875.
      let crop = [.convit, .deit].contains(preset.family) ? 0.875 : inputs.crop
      #expect(preset.cropRatio == crop, "\(name)")
    }
  }

  /// The configuration that timm's `config.json` with these arguments gives.
  private func configuration(_ architecture: String, _ arguments: Any) throws -> ViTConfiguration {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let content: [String: Any] = ["architecture": architecture, "model_args": arguments]
    let place = folder.appending(path: "config.json")
    try JSONSerialization.data(withJSONObject: content).write(to: place)
    return try #require(try HubConfiguration(beside: folder.path + "/model.safetensors"))
      .configuration
  }

  @Test func argumentsOfPoolingMakeTimmsModels() throws {
    let data = try contents("zoo_pooling.json")
    let theirs = try JSONDecoder().decode([String: Pooled].self, from: data)
    let raw = try #require(JSONSerialization.jsonObject(with: data) as? [String: [String: Any]])
    for (index, expected) in theirs {
      let arguments = try #require(raw[index]?["model_args"])
      let c = try configuration(expected.architecture, arguments)
      let tree = ParameterTree(try VisionTransformer(c))
      let ours = zip(tree.names, tree.parameters).map { "\($0) \($1.shape.sizes)" }
      let outside = ours.filter { !$0.hasPrefix("blocks") }.sorted()
      #expect(outside == expected.shapes, "\(expected.architecture) \(arguments)")
      #expect((c.pooling == .average) == expected.mean, "\(expected.architecture) \(arguments)")
    }
  }

  @Test(arguments: [
    (
      "vit_tiny_patch16_224", #"{"global_pool": "map"}"#, "global_pool is neither 'avg' nor 'token'"
    ),
    (
      "vit_tiny_patch16_224", #"{"class_token": false}"#, "class_token is false, but the head reads"
    ),
    ("convit_tiny", #"{"class_token": true}"#, "class_token is not known"),
    ("convit_tiny", #"{"fc_norm": false}"#, "fc_norm is not known"),
  ])
  func poolingThatIsNotKnown(model: String, arguments: String, reason: String) throws {
    let parsed = try JSONSerialization.jsonObject(with: Data(arguments.utf8))
    let error = #expect(throws: WeightsError.self) { try configuration(model, parsed) }
    #expect(error?.description.contains("model_args.\(reason)") ?? false)
  }

  /// A file of a classifier that pools as MAE's do, and says nothing but names and shapes.
  @Test func aClassTokenBesideAveragePoolingIsSeenInShapes() throws {
    let file = try SafetensorsFile(contentsOf: fixture("zoo_average.safetensors"))
    func tensor(_ name: String) throws -> Tensor {
      Tensor(Shape(try #require(file.info(name)).shape), try file.floats(name))
    }
    let bare = folder.path + ".safetensors"
    defer { try? FileManager.default.removeItem(atPath: bare) }
    let prefix = "param."
    try SafetensorsWriter.write(
      try file.tensors.filter { $0.name.hasPrefix(prefix) }.map {
        OutputTensor(
          name: String($0.name.dropFirst(prefix.count)), shape: $0.shape,
          data: try file.floats($0.name))
      }, to: bare)
    let saved = try SavedModel(contentsOf: bare, as: .init(heads: 2))
    let logits = saved.model(Tape(saved.weights, .inference).constant(try tensor("images"))).value
    let theirs = try tensor("logits").elements
    let distance = zip(logits.elements, theirs).map { abs($0 - $1) }.max() ?? .infinity
    #expect(distance < 2e-6 * (theirs.map(abs).max() ?? 0))
  }

  /// What is said of a file of six blocks with these parts, which says nothing but shapes.
  private func reason(_ change: (inout ViTConfiguration) -> Void) throws -> String {
    var c = ViTConfiguration(.vit, imageSize: 32, patchSize: 8, embedDim: 32, heads: 4)
    c.depth = 6
    change(&c)
    let tree = ParameterTree(try VisionTransformer(c))
    let bare = folder.path + ".safetensors"
    defer { try? FileManager.default.removeItem(atPath: bare) }
    try SafetensorsWriter.write(
      zip(tree.names, tree.parameters).map {
        OutputTensor(
          name: $0, shape: $1.shape.sizes,
          data: Array(repeating: 0, count: $1.shape.sizes.reduce(1, *)))
      }, to: bare)
    let error = #expect(throws: WeightsError.self) { try SavedModel(contentsOf: bare) }
    return error?.description ?? ""
  }

  /// Flags of convit train are named for a model that they describe, and for no other.
  @Test func partsOfWhichThereAreNoFlags() throws {
    #expect(try reason { _ in }.contains("--model deit_tiny_patch16_224 --depth 6"))
    let none = "no flags describe it"
    #expect(try reason { $0.registers = 2 }.contains(none))
    #expect(try reason { $0.layerScale = 1 }.contains(none))
    #expect(
      try reason {
        ($0.pooling, $0.keepsClassToken, $0.normFollowsPooling) = (.average, true, true)
      }.contains(none))
  }

  @Test func aClassTokenIsKeptBesideAveragePoolingAlone() throws {
    var c = ViTConfiguration(.vit, embedDim: 32, heads: 4)
    c.keepsClassToken = true
    #expect(throws: ConfigurationError.self) { try c.validate() }
    c.pooling = .average
    try c.validate()
    #expect(c.tokens == 1)
    var pooled = try ViTConfiguration.preset(of: "vit_medium_patch16_reg4_gap_256")
    #expect(pooled.presetName != nil)
    pooled.keepsClassToken = true
    #expect(pooled.presetName == nil)
    // What an older version wrote has no such key.
    let written = try JSONEncoder().encode(c)
    #expect(try JSONDecoder().decode(ViTConfiguration.self, from: written) == c)
    var members = try #require(JSONSerialization.jsonObject(with: written) as? [String: Any])
    members["keepsClassToken"] = nil
    let older = try JSONSerialization.data(withJSONObject: members)
    #expect(try !JSONDecoder().decode(ViTConfiguration.self, from: older).keepsClassToken)
  }
}
