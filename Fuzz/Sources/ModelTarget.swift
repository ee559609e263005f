import Autodiff
import ConViT
import Foundation
import Safetensors

/// What a weights file says of its model: any text there gives an error of ours, and whatever
/// passes for a configuration is a model that comes back from its file and predicts.
struct ModelTarget: Target {
  private let file = MemoryFile()
  private let path = "/dev/shm/fuzz-model-\(getpid())"

  func test(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    file.fill(Self.weights(["configuration": text, "class_names": text]))
    attempt { try SavedModel(contentsOf: file.path) }
    file.fill(Self.weights(["configuration": text]))
    attempt { try SavedModel(contentsOf: file.path) }
    guard let configuration = try? JSONDecoder().decode(ViTConfiguration.self, from: Data(bytes)),
      let model = attempt({ try VisionTransformer(configuration) })
    else { return }
    let tree = ParameterTree(model)
    check(tree.elementCount > 0, "a model without weights")
    guard tree.elementCount < 100_000, model.input.elementCount < 10_000,
      model.multiplyAdds < 1_000_000
    else { return }
    let saved = SavedModel(model, ParameterStore(tree, seed: 1))
    attempt { try saved.write(to: path) }
    defer { unlink(path) }
    let loaded = attempt { try SavedModel(contentsOf: path) }
    check(loaded?.weights.values == saved.weights.values, "the weights changed in the file")
    let c = configuration
    let images = Tensor(repeating: 0.5, [1, c.channels, c.imageHeight, c.imageWidth])
    let tape = Tape(saved.weights, .inference)
    let logits = model(tape.constant(images)).value
    check(logits.shape == [1, c.classes], "logits \(logits.shape)")
  }

  func writeSeeds(to folder: String) throws {
    for (name, saved) in try smallModels() {
      let json = try JSONEncoder().encode(saved.architecture as? ViTConfiguration)
      try write(json, name, to: folder)
    }
    for name in ViTConfiguration.presetNames {
      try write(try JSONEncoder().encode(ViTConfiguration.preset(of: name)), name, to: folder)
    }
  }

  /// A weights file without tensors.
  private static func weights(_ metadata: [String: String]) -> [UInt8] {
    let header = try? JSONEncoder().encode(["__metadata__": metadata])
    guard let header else { return [] }
    return withUnsafeBytes(of: UInt64(header.count).littleEndian) { [UInt8]($0) } + header
  }
}

/// Models of a few hundred numbers, of every kind.
func smallModels() throws -> [(name: String, SavedModel)] {
  func small(_ family: ViTConfiguration.Family, _ change: (inout ViTConfiguration) -> Void) throws
    -> SavedModel
  {
    var c = ViTConfiguration(family, imageSize: 4, patchSize: 2, embedDim: 4, heads: 2)
    (c.depth, c.classes, c.mlpRatio) = (2, 2, 1)
    c.localUpToLayer = family == .convit ? 1 : 0
    change(&c)
    let model = try VisionTransformer(c)
    return SavedModel(model, ParameterStore(model, seed: 1), classNames: ["a", "b"], name: "small")
  }
  return [
    ("convit", try small(.convit) { _ in }),
    ("average", try small(.convit) { ($0.pooling, $0.localUpToLayer) = (.average, 2) }),
    ("random", try small(.convit) { ($0.start, $0.dropRate) = (.random, 0.5) }),
    ("vit", try small(.vit) { $0.imageWidth = 6 }),
    ("distilled", try small(.vit) { ($0.isDistilled, $0.usePosEmbed) = (true, false) }),
  ]
}
