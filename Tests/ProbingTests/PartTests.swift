import Autodiff
import ConViT
import Probing
import Testing

/// A model with weights of some size, and images.
struct Subject {
  let model: VisionTransformer
  var weights: ParameterStore
  let images: Tensor
  let labels = [0, 1, 2, 3, 4, 0]
  let pool = WorkerPool(threads: 2)

  init(_ family: ViTConfiguration.Family, depth: Int = 2, distilled: Bool = false) throws {
    var c = ViTConfiguration(family, imageSize: 8, patchSize: 4, embedDim: 16, heads: 2)
    (c.channels, c.classes, c.depth, c.mlpRatio) = (1, 5, depth, 1.5)
    c.localUpToLayer = family == .convit ? 1 : 0
    c.isDistilled = distilled
    model = try VisionTransformer(c)
    weights = .moved(model)
    var random = Random(seed: 3)
    images = Tensor([6, 1, 8, 8], (0..<384).map { _ in Float(random.uniform(-2, 2)) })
  }

  func logits(_ weights: ParameterStore) -> Tensor {
    model.logits(of: images, FrozenWeights(weights), on: pool)
  }

  func tapped(_ place: String) -> Tensor {
    let tape = Tape(weights, Pass(isRecorded: false, taps: Taps(place)))
    _ = model(tape.constant(images))
    return tape.tapped(place)!.value
  }
}

extension ParameterStore {
  /// The initialisation, each number moved a little, so that none is 0 or 1.
  static func moved(_ model: any Model) -> ParameterStore {
    var weights = ParameterStore(model, seed: 1)
    for (slot, name) in weights.tree.names.enumerated() {
      var random = Random(seed: 2).split(slot)
      let old = weights[name]!
      weights[weights.tree.parameters[slot]] = Tensor(
        old.shape, old.elements.map { $0 + Float(0.2 * random.normal()) })
    }
    return weights
  }
}

extension Tensor {
  func isClose(to other: Tensor, _ tolerance: Float = 1e-5) -> Bool {
    shape == other.shape && zip(elements, other.elements).allSatisfy { abs($0 - $1) <= tolerance }
  }
}

@Suite struct LayerFeaturesTests {
  @Test func rowsAreThoseOfTheLayers() throws {
    let vit = try Subject(.vit)
    var features = LayerFeatures(of: vit.model)
    let frozen = FrozenWeights(vit.weights)
    let first = features.add(
      vit.images.sliced(0, 0..<4), labels: Array(vit.labels[..<4]), frozen, on: vit.pool)
    features.add(
      vit.images.sliced(0, 4..<6), labels: Array(vit.labels[4...]), frozen, on: vit.pool)
    #expect(features.places == ["blocks.0.output", "blocks.1.output"])
    #expect(features.reading == .token && features.labels == vit.labels)
    #expect(first.isClose(to: vit.logits(vit.weights).sliced(0, 0..<4)))
    let output = vit.tapped("blocks.1.output")  // [6, 1 + 4, 16]
    let tokens = output.sliced(1, 0..<1).reshaped([6, 16])
    #expect(features[1].isClose(to: tokens))

    var patches = LayerFeatures(of: vit.model, reading: .patches)
    patches.add(vit.images, labels: vit.labels, frozen, on: vit.pool)
    #expect(patches.places == ["blocks.0.input", "blocks.0.output", "blocks.1.output"])
    let means = (0..<96).map { index in
      (1..<5).reduce(Float(0)) { $0 + output[index / 16, $1, index % 16] } / 4
    }
    #expect(patches[2].isClose(to: Tensor([6, 16], means)))
  }

  /// The local block of a ConViT has no class token.
  @Test func layersWithoutClassToken() throws {
    let convit = try Subject(.convit)
    #expect(LayerFeatures(of: convit.model).reading == .patches)
    let tokens = LayerFeatures(of: convit.model, reading: .token)
    #expect(tokens.places == ["blocks.1.output"])
  }
}

@Suite struct EarlyExitsTests {
  /// Behind a block it is the model that ends there; behind the last, the model.
  @Test(arguments: [false, true]) func aShorterModelAnswersSo(distilled: Bool) throws {
    let whole = try Subject(.vit, depth: 3, distilled: distilled)
    let short = try Subject(.vit, depth: 2, distilled: distilled)
    var weights = short.weights
    for (slot, name) in weights.tree.names.enumerated() {
      weights[weights.tree.parameters[slot]] = whole.weights[name]!
    }
    var exits = EarlyExits(of: whole.model)
    let logits = exits.add(
      whole.images, labels: whole.labels, FrozenWeights(whole.weights), on: whole.pool)
    #expect(logits[1].isClose(to: short.logits(weights)))
    #expect(logits[2].isClose(to: whole.logits(whole.weights)))
    #expect(exits.images == 6 && exits.lines.map(\.layer) == [0, 1, 2])
    let (answers, last) = (logits[1].argmax(-1), logits[2].argmax(-1))
    let line = exits.lines[1]
    #expect(line.acc1 == 100 * Double(zip(answers, whole.labels).count(where: ==)) / 6)
    #expect(line.sameAnswer == 100 * Double(zip(answers, last).count(where: ==)) / 6)
    #expect(exits.lines[2].sameAnswer == 100 && line.loss != exits.lines[2].loss)
  }

  @Test func blocksWithoutClassToken() throws {
    let convit = try Subject(.convit)
    var exits = EarlyExits(of: convit.model)
    let logits = exits.add(
      convit.images, labels: convit.labels, FrozenWeights(convit.weights), on: convit.pool)
    let tape = Tape(convit.weights, .inference)
    let normed = convit.model.norm!(tape.constant(convit.tapped("blocks.0.output")))
    #expect(logits[0].isClose(to: convit.model.head(normed.mean(1)).value))
  }
}

@Suite struct LayerValuesTests {
  /// In the order of the images, however they were divided among threads.
  @Test func imagesStayInTheirOrder() throws {
    let subject = try Subject(.vit)
    let images = Tensor.concatenated((0..<17).map { _ in subject.images }, 0)
      .sliced(0, 0..<100)
    let (logits, values) = subject.model.values(
      matching: ["blocks.1.*"], of: images, FrozenWeights(subject.weights), on: subject.pool)
    #expect(logits.shape == [100, 5] && values.contains { $0.place == "blocks.1.attn.map" })
    let own = subject.logits(subject.weights)
    for image in 0..<100 {
      #expect(
        logits.sliced(0, image..<image + 1).isClose(
          to: own.sliced(0, image % 6..<image % 6 + 1)))
    }
    for (place, value) in values {
      let seen = subject.tapped(place)
      for image in 0..<100 {
        #expect(
          value.sliced(0, image..<image + 1).isClose(
            to: seen.sliced(0, image % 6..<image % 6 + 1)), "\(place)")
      }
    }
  }
}
