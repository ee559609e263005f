import Autodiff
import ConViT
import Testing

@testable import Symmetry

@Suite struct AveragedTests {
  private let model: VisionTransformer
  private let weights: ParameterStore
  private let images: Tensor

  init() throws {
    var c = ViTConfiguration(.convit, imageSize: 12, patchSize: 4, embedDim: 16, heads: 4)
    (c.depth, c.localUpToLayer, c.classes, c.channels) = (2, 1, 5, 2)
    model = try VisionTransformer(c)
    var store = ParameterStore(model, seed: 3)
    var random = Random(seed: 5)
    store.addNoise(0.3, &random)
    weights = store
    images = Tensor([3, 2, 12, 12], (0..<864).map { _ in Float(random.normal()) })
  }

  private func outputs(_ model: any Model, _ images: Tensor) -> Tensor {
    model(Tape(weights, .inference).constant(images)).value
  }

  private func moved(_ images: Tensor, by places: [Int]) -> Tensor {
    let planes = images.shape[0] * images.shape[1]
    let elements = (0..<planes).flatMap { plane in
      places.map { images.elements[plane * places.count + $0] }
    }
    return Tensor(images.shape, elements)
  }

  private func distance(_ a: Tensor, _ b: Tensor) -> Float {
    zip(a.elements, b.elements).map { abs($0 - $1) }.max() ?? .infinity
  }

  static let names = ["hflip", "c4", "d4", "transposes", "cyclic:3"]

  @Test(arguments: names, Averaged.Quantity.allCases)
  func isInvariantAndAProjection(name: String, quantity: Averaged.Quantity) throws {
    let symmetry = try ImageSymmetry(named: name)
    let averaged = try Averaged(model, over: symmetry, of: quantity)
    let expected = outputs(averaged, images)
    var farthest: Float = 0
    for places in try symmetry.places(height: 12, width: 12) {
      #expect(distance(outputs(averaged, moved(images, by: places)), expected) < 1e-5)
      farthest = max(
        farthest, distance(outputs(model, moved(images, by: places)), outputs(model, images)))
    }
    #expect(farthest > 0.1)  // which the model itself is not
    let twice = try Averaged(averaged, over: symmetry, of: quantity)
    #expect(distance(outputs(twice, images), expected) < 1e-5)
  }

  @Test func averagesByHand() throws {
    let symmetry = ImageSymmetry.d4
    let all = try symmetry.places(height: 12, width: 12).map { moved(images, by: $0) }
    func mean(_ values: [Tensor]) -> [Float] {
      values[0].elements.indices.map { k in values.reduce(0) { $0 + $1.elements[k] } / 8 }
    }
    let logits = mean(all.map { outputs(model, $0) })
    let averaged = try Averaged(model, over: symmetry, of: .logits)
    #expect(distance(outputs(averaged, images), Tensor([3, 5], logits)) < 1e-6)
    let probabilities = mean(all.map { Tape().constant(outputs(model, $0)).softmax().value })
    let both = Tape().constant(outputs(try Averaged(model, over: symmetry), images)).exp().value
    #expect(distance(both, Tensor([3, 5], probabilities)) < 1e-6)
  }

  /// Shifts by whole patches pass the stem once: the same, for less.
  @Test func theStemIsShared() throws {
    struct Hidden: Model {  // no vision transformer, as far as anyone sees
      let model: VisionTransformer
      var input: Shape { model.input }
      func callAsFunction(_ x: Variable) -> Variable { model(x) }
    }
    let shifts = ImageSymmetry.shifts(3)
    let (shared, apart) = (
      try Averaged(model, over: shifts), try Averaged(Hidden(model: model), over: shifts)
    )
    #expect(distance(outputs(shared, images), outputs(apart, images)) < 1e-6)
    let (one, nine) = (shared.costs().multiplyAdds, apart.costs().multiplyAdds)
    #expect(nine == 9 * model.costs().multiplyAdds)
    #expect(nine - one == 8 * 9 * 16 * 2 * 16)  // 9 patches of 2 channels of 16 pixels to 16
    // Half a patch is none.
    #expect(
      try Averaged(model, over: .shifts(6)).costs().multiplyAdds
        == 36 * model.costs().multiplyAdds)
  }

  @Test func theOrbitSplit() throws {
    let averaged = try Averaged(model, over: .d4, of: .logits)
    let tape = Tape(weights, .inference)
    let parts = averaged.split(tape.constant(images))
    let whole = (parts.symmetric + parts.antisymmetric).value
    #expect(distance(whole, outputs(model, images)) < 1e-6)
    #expect(distance(parts.symmetric.value, outputs(averaged, images)) < 1e-6)
    // What is taken away has no symmetric part.
    let rest = try ImageSymmetry.d4.places(height: 12, width: 12).map { places in
      averaged.split(Tape(weights, .inference).constant(moved(images, by: places)))
        .antisymmetric.value
    }
    let mean = rest[0].elements.indices.map { k in rest.reduce(0) { $0 + $1.elements[k] } / 8 }
    #expect(mean.allSatisfy { abs($0) < 1e-5 } && rest[0].elements.contains { abs($0) > 0.1 })
  }

  /// The derivative of the average is the average of the derivatives.
  @Test func derivatives() throws {
    let symmetry = ImageSymmetry.c4
    func gradients(_ model: any Model, _ images: Tensor) -> Gradients {
      let tape = Tape(weights)
      return tape.gradients(of: model(tape.constant(images)).sum())
    }
    let ours = gradients(try Averaged(model, over: symmetry, of: .logits), images)
    let all = try symmetry.places(height: 12, width: 12).map {
      gradients(model, moved(images, by: $0))
    }
    for name in weights.tree.names {
      let parts = all.compactMap { $0[name]?.elements }
      let gradient = try #require(ours[name])
      let mean = gradient.elements.indices.map { k in parts.reduce(0) { $0 + $1[k] } / 4 }
      let scale = mean.map(abs).max() ?? 0
      #expect(distance(gradient, Tensor(gradient.shape, mean)) <= 1e-5 * max(scale, 1), "\(name)")
    }
  }

  /// The derivative by the pixels goes back to where they came from.
  @Test func derivativesByPixels() throws {
    struct Pixels: Model {
      let input: Shape = [1, 2, 2]
      let weight = Parameter([1, 4], kind: .weight, initial: .zeros)
      func callAsFunction(_ x: Variable) -> Variable {
        x.reshaped([x.shape[0], 4]).linear(x.tape[weight])
      }
    }
    let pixels = Pixels()
    var store = ParameterStore(pixels, seed: 0)
    store[pixels.weight] = Tensor([1, 4], [1, 10, 100, 1000])
    let averaged = try Averaged(pixels, over: .horizontalFlip, of: .logits)
    let tape = Tape(store)
    let value = averaged(tape.constant(Tensor([1, 1, 2, 2], [1, 2, 3, 4]))).value
    #expect(value.elements == [(1 + 20 + 300 + 4000 + 2 + 10 + 400 + 3000) / 2])
  }

  /// Outputs that are an image of 2 × 2 pixels move with the image that they are of.
  @Test(arguments: ["d4", "c4", "hflip"]) func isEquivariant(name: String) throws {
    struct Net: Model {
      let input: Shape = [1, 4, 4]
      let first = Linear(16, 12)
      let second = Linear(12, 4)
      func callAsFunction(_ x: Variable) -> Variable {
        second(first(x.reshaped([x.shape[0], 16])).gelu())
      }
    }
    let net = Net()
    var random = Random(seed: 7)
    var weights = ParameterStore(net, seed: 1)
    for parameter in weights.tree.parameters {
      let count = parameter.shape.elementCount
      weights[parameter] = Tensor(parameter.shape, (0..<count).map { _ in Float(random.normal()) })
    }
    let symmetry = try ImageSymmetry(named: name)
    let outputs = try Representation(of: symmetry, height: 2, width: 2)
    let averaged = try Averaged(net, over: symmetry, movingOutputsBy: outputs)
    func values(_ model: any Model, _ x: Tensor) -> [Double] {
      model(Tape(weights, .inference).constant(x)).value.elements.map(Double.init)
    }
    let image = Tensor([1, 1, 4, 4], (0..<16).map { _ in Float(random.normal()) })
    var farthest = 0.0
    for (g, places) in try symmetry.places(height: 4, width: 4).enumerated() {
      func error(_ model: any Model) -> Double {
        let here = outputs(g, values(model, image))
        return zip(values(model, moved(image, by: places)), here).map { abs($0 - $1) }.max() ?? 1
      }
      #expect(error(averaged) < 1e-4)
      farthest = max(farthest, error(net))
    }
    #expect(farthest > 1)
    let twice = try Averaged(averaged, over: symmetry, movingOutputsBy: outputs)
    #expect(zip(values(twice, image), values(averaged, image)).allSatisfy { abs($0 - $1) < 1e-4 })
    #expect(throws: SymmetryError.self) {
      try Averaged(net, over: symmetry, movingOutputsBy: .trivial(.cyclic(3)))
    }
  }

  /// Outputs that move are as many as the model's, where that is known.
  @Test func movesAllOutputs() throws {
    let (three, five) = (
      Representation.trivial(ImageSymmetry.c4.ownGroup, dimension: 3),
      Representation.trivial(ImageSymmetry.c4.ownGroup, dimension: 5)
    )
    let averaged = try Averaged(model, over: .c4, movingOutputsBy: five)
    for model in [model, averaged, try Averaged(model, over: .d4)] as [any Model] {
      let error = #expect(throws: SymmetryError.self) {
        try Averaged(model, over: .c4, movingOutputsBy: three)
      }
      #expect(error?.description == "a representation of dimension 3 for a model of 5 outputs")
    }
  }

  /// It has the parameters of the model, in their order, and takes its weights as they are.
  @Test func hasTheModelsParameters() throws {
    let averaged = try Averaged(model, over: .d4)
    let tree = ParameterTree(averaged)
    #expect(tree.names == weights.tree.names.map { "model." + $0 })
    #expect(averaged.input == model.input && averaged.rows == model.rows)
    let pool = WorkerPool(threads: 2)
    let frozen = FrozenWeights(weights, .inference)
    #expect(
      distance(averaged.logits(of: images, frozen, on: pool), outputs(averaged, images)) < 1e-6)
  }

  @Test func modelsWithoutTheSymmetry() throws {
    struct Rows: Model {
      let input: Shape = [4]
      func callAsFunction(_ x: Variable) -> Variable { x }
    }
    let error = #expect(throws: SymmetryError.self) { try Averaged(Rows(), over: .d4) }
    #expect(error?.description == "symmetries are of images, and the model takes inputs [4]")
    #expect(throws: SymmetryError.self) {
      var c = model.configuration
      c.imageWidth = 8
      return try Averaged(VisionTransformer(c), over: .c4)
    }
  }
}
