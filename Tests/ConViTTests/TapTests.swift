import Autodiff
import ConViT
import Testing

/// What a pass shows of the inside of a model, against PyTorch's hooks on timm's models in double
/// precision (Fixtures/taps).
struct TapTests {
  private static let places = [
    "blocks.*.input", "blocks.*.attn.map", "blocks.*.mlp.fc1.output", "blocks.*.output",
  ]

  /// Values and derivatives, in whole passes and inside of blocks that are computed once more.
  @Test(arguments: ["vit", "convit"], [false, true])
  func areWhatHooksSee(_ name: String, _ recomputesBlocks: Bool) throws {
    let fixture = try GradientFixture(file: "taps/\(name)")
    let model = try VisionTransformer(fixture.configuration)
    let weights = try fixture.weights(ParameterTree(model), prefix: "weights.")
    let pass = Pass(
      recomputesBlocks: recomputesBlocks, taps: Taps(Self.places, withDerivatives: true))
    let tape = Tape(weights, pass)
    let logits = model(tape.constant(try fixture.tensor("images")))
    let loss = logits.crossEntropy(labels: try fixture.file.integers("labels")).mean()
    #expect(distance(logits.value, try fixture.tensor("logits")) < 2e-6)
    let plain = Tape(weights)
    let same = model(plain.constant(try fixture.tensor("images")))
      .crossEntropy(labels: try fixture.file.integers("labels")).mean()
    let (ours, theirs) = (tape.gradients(of: loss), plain.gradients(of: same))
    for name in weights.tree.names where !name.hasSuffix("pos_proj.bias") {  // which is zero
      #expect(distance(ours[name]!, theirs[name]!) < 1e-5, "looking changed \(name)")
    }
    #expect(tape.tapped.count == 12)
    for tapped in tape.tapped { try expect(tapped, fixture) }
  }

  private func expect(_ tapped: TappedValue, _ fixture: GradientFixture) throws {
    let value = try fixture.tensor("value." + tapped.place)
    #expect(tapped.value.shape == value.shape)
    #expect(distance(tapped.value, value) < 1e-5, "\(tapped.place)")
    let derivative = try fixture.tensor("derivative." + tapped.place)
    #expect(distance(try #require(tapped.derivative), derivative) < 1e-5, "\(tapped.place)")
  }

  /// Shards on several threads each show their samples; together they are the batch.
  @Test(arguments: [1, 3], [false, true])
  func severalThreads(_ threads: Int, _ recomputesBlocks: Bool) throws {
    let fixture = try GradientFixture(file: "taps/convit")
    let model = try VisionTransformer(fixture.configuration)
    let weights = try fixture.weights(ParameterTree(model), prefix: "weights.")
    let (images, labels) = (
      try fixture.tensor("images"), try fixture.file.integers("labels")
    )
    let pass = Pass(recomputesBlocks: recomputesBlocks, taps: Taps(Self.places))
    let pool = WorkerPool(threads: threads)
    let (_, parts) = try Shards(size: 1, lanes: 3).gradients(of: 3, at: weights, on: pool, pass) {
      samples, tape in
      let loss = model(tape.constant(images.sliced(0, samples)))
        .crossEntropy(labels: Array(labels[samples]))
      return (loss, tape.tapped)
    }
    #expect(parts.count == 3)
    for (index, first) in parts[0].enumerated() {
      let whole = Tensor.concatenated(parts.map { $0[index].value }, 0)
      #expect(first.derivative == nil && parts.allSatisfy { $0[index].place == first.place })
      #expect(distance(whole, try fixture.tensor("value." + first.place)) < 1e-5)
    }
  }

  /// Looking without derivatives does not change a bit of the result, nor does a look that is not
  /// kept; what nobody asked for is not there.
  @Test(arguments: ["vit", "convit"]) func lookingChangesNothing(_ name: String) throws {
    let fixture = try GradientFixture(file: "taps/\(name)")
    let model = try VisionTransformer(fixture.configuration)
    let weights = try fixture.weights(ParameterTree(model), prefix: "weights.")
    let images = try fixture.tensor("images")
    let plain = Tape(weights, .inference)
    let logits = model(plain.constant(images)).value
    #expect(plain.tapped.isEmpty)
    let looking = Tape(weights, Pass(isRecorded: false, taps: Taps("blocks.1.attn.map")))
    #expect(model(looking.constant(images)).value == logits)
    #expect(looking.tapped.map(\.place) == ["blocks.1.attn.map"])
    let shown = Tape(weights, .inference)
    var places: [String] = []
    shown.showing(Taps("*.attn.map", "*.input")) {
      places.append($0.place)
    } _: {
      #expect(model(shown.constant(images)).value == logits)
    }
    #expect(places.count == 6 && places[0] == "blocks.0.input" && shown.tapped.isEmpty)
  }

  /// A layer of one's own shows what it likes, and derivatives reach it through frozen weights.
  @Test(arguments: [false, true]) func ownPlacesWithFrozenWeights(_ recomputes: Bool) throws {
    struct Own: Module {
      let fc1 = Linear(2, 3)
      let fc2 = Linear(3, 1)
      func callAsFunction(_ x: Variable) -> Variable {
        fc2(fc1(x).squared().tapped(as: "squares", of: fc1.weight, above: 2))
      }
    }
    let own = Own()
    let weights = ParameterStore(own, seed: 1)
    let pass = Pass(frozen: .all, taps: Taps("squares", withDerivatives: true))
    let tape = Tape(weights, pass)
    let x = tape.constant(Tensor([1, 2], [1, 2]))
    let y = recomputes ? tape.recomputed([x]) { own($0[0]) } : own(x)
    _ = tape.gradients(of: y.sum())
    let squares = try #require(tape.tapped("squares"))
    #expect(squares.derivative?.elements == weights[own.fc2.weight].elements)
  }
}
