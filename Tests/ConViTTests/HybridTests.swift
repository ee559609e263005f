import Autodiff
import ConViT
import Foundation
import Safetensors
import Testing

/// Convolutions against PyTorch, and a convolutional net in front of a transformer against timm
/// (Fixtures/make_hybrid.py).
@Suite struct HybridTests {
  private let file: SafetensorsFile

  init() throws { file = try SafetensorsFile(contentsOf: fixture("hybrid.safetensors")) }

  private func tensor(_ name: String) throws -> Tensor {
    Tensor(Shape(try #require(file.info(name)).shape), try file.floats(name))
  }

  /// The largest difference, in units of the largest element.
  private func distance(_ a: Tensor, _ b: Tensor) -> Float {
    guard a.shape == b.shape else { return .infinity }
    let scale = b.elements.map(abs).max() ?? 0
    return (zip(a.elements, b.elements).map { abs($0 - $1) }.max() ?? 0) / max(scale, 1e-6)
  }

  /// What a convolution takes, as parameters: their derivatives are what a tape gives.
  private struct Inputs: Module {
    let x, w, b: Parameter

    init(_ shapes: [Shape]) {
      let all = shapes.map { Parameter($0, kind: .weight, initial: .zeros) }
      (x, w, b) = (all[0], all[1], all[2])
    }
  }

  @Test func convolutionsArePyTorchs() throws {
    let text = try #require(file.metadata["convolutions"])
    let all = try JSONDecoder().decode([[Int]].self, from: Data(text.utf8))
    #expect(all.count == 5)
    for (number, sizes) in all.enumerated() {
      func tensor(_ name: String) throws -> Tensor { try self.tensor("conv.\(number).\(name)") }
      let values = try ["x", "w", "b"].map(tensor)
      let inputs = Inputs(values.map(\.shape))
      let tape = Tape(ParameterStore(ParameterTree(inputs), values))
      let (x, w, b) = (tape[inputs.x], tape[inputs.w], tape[inputs.b])
      let y = x.conv2d(w, bias: b, stride: sizes[0], padding: sizes[1])
      #expect(distance(y.value, try tensor("y")) < 1e-6, "\(number)")
      let gradients = tape.gradients(of: (y * tape.constant(try tensor("dy"))).sum())
      for name in ["x", "w", "b"] {
        let gradient = try #require(gradients[name])
        #expect(distance(gradient, try tensor("d" + name)) < 1e-6, "\(number) \(name)")
      }
    }
  }

  private struct Net: Backbone {
    let first = Conv2d(3, 6, size: 3, stride: 2, padding: 1)
    let second = Conv2d(6, 8, size: 5, stride: 2, padding: 2, bias: false)

    func callAsFunction(_ images: Variable) -> Variable { second(first(images).relu()).relu() }
  }

  private func model(features: Int = 8, dim: Int = 16) throws -> VisionTransformer {
    var c = ViTConfiguration(.convit, patchSize: 4, embedDim: 16, heads: 4)
    (c.imageHeight, c.imageWidth, c.depth, c.localUpToLayer) = (16, 16, 2, 1)
    (c.classes, c.mlpRatio) = (3, 2)
    var model = try VisionTransformer(c)
    model.patchEmbed = HybridEmbed(Net(), features: features, dim: dim)
    return model
  }

  @Test func logitsAndDerivativesAreTimms() throws {
    let model = try model()
    let tree = ParameterTree(model)
    let theirs = tree.names.map {
      $0.replacing("backbone.first", with: "backbone.0")
        .replacing("backbone.second", with: "backbone.2")
    }
    let weights = ParameterStore(tree, try theirs.map { try tensor("param." + $0) })
    let images = try tensor("images")
    let inference = model(Tape(weights, .inference).constant(images)).value
    #expect(distance(inference, try tensor("logits")) < 2e-6)
    let tape = Tape(weights)
    let cotangent = tape.constant(try tensor("cotangent"))
    let gradients = tape.gradients(of: (model(tape.constant(images)) * cotangent).sum())
    for (ours, name) in zip(tree.names, theirs) {
      let gradient = try #require(gradients[ours])
      let far = distance(gradient, try tensor("grad." + name))
      #expect(far < 1e-5, "\(name) \(far)")
    }
    #expect(file.tensors.filter { $0.name.hasPrefix("param.") }.count == tree.names.count)
  }

  @Test func convolutionsStartAsPyTorchs() {
    let weights = ParameterStore(Conv2d(3, 500, size: 2), seed: 1)
    for name in ["weight", "bias"] {
      let elements = weights[name]?.elements ?? []
      let largest = elements.map(abs).max() ?? 0
      #expect(largest <= 1 / Float(12).squareRoot() && largest > 0.28)
      let mean = elements.reduce(0, +) / Float(elements.count)
      #expect(abs(mean) < 0.03)
    }
  }

  @Test func aStemOfAnotherSize() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var c = ViTConfiguration(.vit, patchSize: 8, embedDim: 16, heads: 4)
      (c.imageHeight, c.imageWidth, c.depth) = (16, 16, 1)
      var model = try VisionTransformer(c)
      model.patchEmbed = PatchEmbed(channels: 3, patchSize: 4, dim: 16)
      let weights = ParameterStore(model, seed: 0)
      _ = model(Tape(weights).constant(Tensor(repeating: 0, [1, 3, 16, 16])))
    }
    let words = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(
      words.contains(
        "the stem makes [1, 16, 16] of images, expected 4 tokens of 16 features"),
      "\(words)")
  }
}
