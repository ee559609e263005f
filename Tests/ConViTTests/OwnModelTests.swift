import Autodiff
import ConViT
import Foundation
import Testing

/// Models that this package does not have, in its weights files and from its weights.
struct OwnModelTests {
  private struct Perceptron: Architecture {
    static let name = "perceptron"
    var hidden = 5
    var outputCount: Int? { 3 }

    func makeModel() throws(ConfigurationError) -> any Model {
      guard hidden > 0 else { throw ConfigurationError(message: "hidden must be positive") }
      return TwoLayers(hidden: hidden)
    }
  }

  private struct TwoLayers: Model {
    let input: Shape = [4]
    let fc1: Linear
    let fc2: Linear

    init(hidden: Int) {
      (fc1, fc2) = (Linear(4, hidden), Linear(hidden, 3, kind: .head))
    }

    func callAsFunction(_ x: Variable) -> Variable { fc2(fc1(x).gelu()) }
  }

  private func path() -> String {
    NSTemporaryDirectory() + "own-\(UUID().uuidString).safetensors"
  }

  @Test func pixelsThatAreNotNormalised() throws {
    var c = ViTConfiguration(.vit, imageSize: 4, patchSize: 2, embedDim: 4, heads: 2)
    (c.depth, c.classes) = (1, 2)
    let model = try VisionTransformer(c)
    var saved = SavedModel(model, ParameterStore(model, seed: 0))
    let pixels = (0..<48).map { Float($0 * 5) }
    let error = #expect(throws: InputError.self) { try Predictor(saved).logits(pixels) }
    #expect(error?.message.hasPrefix("numbers from 0.0 to 235.0 for images normalised by") == true)
    #expect(error?.message.hasSuffix("first, (v / 255 − mean) / std") == true)
    let normalised = pixels.map { ($0 / 255 - 0.485) / 0.229 }
    #expect(try Predictor(saved).logits(normalised).count == 2)
    saved.normalization = ChannelStatistics(mean: [0, 0, 0], std: [0.004, 0.004, 0.004])
    #expect(try Predictor(saved).logits(pixels).count == 2)  // as the file says
  }

  @Test func anOwnArchitectureIsWrittenAndRead() throws {
    let (path, architecture) = (path(), Perceptron(hidden: 7))
    defer { try? FileManager.default.removeItem(atPath: path) }
    let weights = ParameterStore(TwoLayers(hidden: 7), seed: 1)
    try SavedModel(architecture, weights, classNames: ["a", "b", "c"]).write(to: path)
    let saved = try SavedModel(contentsOf: path, architectures: [Perceptron.self])
    #expect(saved.architecture as? Perceptron == architecture && saved.classNames?.count == 3)
    #expect(saved.weights.values == weights.values)
    let x = Tensor([2, 4], (0..<8).map { Float($0) })
    let logits = saved.model.logits(
      of: x, FrozenWeights(saved.weights), on: WorkerPool(threads: 2))
    #expect(logits == (try saved.model(as: TwoLayers.self))(Tape(saved.weights).constant(x)).value)

    let unwritten = try SavedModel(architecture, weights)  // its model is another value
    #expect(try Predictor(unwritten).logits(x) == logits)

    let unknown = #expect(throws: WeightsError.self) { try SavedModel(contentsOf: path) }
    #expect(unknown?.reason == "its model is of the kind 'perceptron', which is not known here")
    let other = #expect(throws: WeightsError.self) { try saved.model(as: VisionTransformer.self) }
    #expect(other?.reason == "its model is TwoLayers, and one of images is needed")
    #expect(throws: WeightsError.self) {
      try SavedModel(architecture, weights, classNames: ["a", "b", "c", "d"]).write(to: path)
    }
    #expect(throws: WeightsError.self) {
      try SavedModel(Perceptron(hidden: 6), weights).write(to: path)
    }
    #expect(throws: ConfigurationError.self) { try SavedModel(Perceptron(hidden: 0), weights) }
  }

  /// Published weights for a model of which a part is another.
  @Test func weightsAreTakenByName() throws {
    var configuration = ViTConfiguration(.vit, imageSize: 8, patchSize: 4, embedDim: 8, heads: 2)
    (configuration.depth, configuration.classes) = (2, 5)
    let model = try VisionTransformer(configuration)
    let published = ParameterStore(model, seed: 1)
    var other = model
    other.head = Linear(8, 3, kind: .head)
    other.blocks[1].norm2 = LayerNorm(8)
    var weights = ParameterStore(other, seed: 2)
    #expect(weights.take(published) == ["head.weight", "head.bias"])
    #expect(weights["blocks.1.attn.qkv.weight"] == published["blocks.1.attn.qkv.weight"])
    #expect(weights["head.weight"]?.shape == [3, 8])
    var again = ParameterStore(other, seed: 2)
    let left = again.take(published, where: .named("blocks.*"))
    #expect(Set(left).isSuperset(of: ["pos_embed", "norm.weight", "head.bias"]))
    // A model that is not what its configuration makes could not be read again.
    #expect(throws: WeightsError.self) {
      try SavedModel(other, weights).write(to: path())
    }
  }
}
