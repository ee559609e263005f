import Autodiff
import ConViT
import Testing

/// Changes inside of a model, and what its parts add to the logits, against PyTorch's hooks on
/// timm's models in double precision (Fixtures/taps/make_interventions.py).
@Suite(.serialized) struct InterventionTests {
  private struct Models {
    let model: VisionTransformer
    let weights: ParameterStore
    let images: Tensor
    let expected: GradientFixture

    init(_ name: String) throws {
      let fixture = try GradientFixture(file: "taps/\(name)")
      model = try VisionTransformer(fixture.configuration)
      weights = try fixture.weights(ParameterTree(model), prefix: "weights.")
      images = try fixture.tensor("images")
      expected = try GradientFixture(file: "taps/interventions_\(name)")
    }

    func logits(_ edits: Edits, _ pass: Pass = .inference) -> Tensor {
      var pass = pass
      pass.edits = edits
      return model(Tape(weights, pass).constant(images)).value
    }

    func tapped(_ place: String, of images: Tensor) throws -> Tensor {
      let tape = Tape(weights, Pass(isRecorded: false, taps: Taps(place)))
      _ = model(tape.constant(images))
      return try #require(tape.tapped(place)).value
    }

    func expect(
      _ value: Tensor, _ name: String, at location: SourceLocation = #_sourceLocation
    ) throws {
      let tensor = try expected.tensor(name)
      #expect(distance(value, tensor) < 1e-5, "\(name)", sourceLocation: location)
    }
  }

  @Test(arguments: ["vit", "convit"])
  func headsAndAttentionAreChangedAsByHooks(_ name: String) throws {
    let m = try Models(name)
    let value = try m.expected.tensor("value")
    for layer in m.model.blocks.indices {
      try m.expect(m.logits(m.model.ablating(heads: [1], inLayer: layer)), "ablated.\(layer)")
      let replaced = m.model.ablating(heads: [0, 1], inLayer: layer, with: value)
      try m.expect(m.logits(replaced), "replaced.\(layer)")
      let knockedOut = m.model.knockingOut(
        keys: [1, 3], from: [0, 2], heads: [0], inLayer: layer)
      try m.expect(m.logits(knockedOut), "knocked_out.\(layer)")
      try m.expect(m.logits(m.model.knockingOut(keys: [1], inLayer: layer)), "deaf.\(layer)")
    }
  }

  @Test(arguments: ["vit", "convit"])
  func blocksAreChangedAsByHooks(_ name: String) throws {
    let m = try Models(name)
    let flipped = Tensor.concatenated((0..<3).reversed().map { m.images.sliced(0, $0..<$0 + 1) }, 0)
    for layer in m.model.blocks.indices {
      let output = "blocks.\(layer).output"
      let other = try m.tapped(output, of: flipped)
      try m.expect(m.logits(.patch(output, with: other, rows: 1..<4)), "patched.\(layer)")
      let silent = Edits(at: "blocks.\(layer).attn.added") { 0 * $0 }
      try m.expect(m.logits(silent), "silent.\(layer)")
      let tape = Tape(m.weights, .inference)
      let own = tape.constant(try m.tapped(output, of: m.images))
      try m.expect(m.model.logitLens(own).value, "lens.\(layer)")
    }
    // All of it is the logits of the other images; an MLP that adds nothing is a block without.
    let last = "blocks.2.output"
    let theirs = m.logits(.patch(last, with: try m.tapped(last, of: flipped)))
    #expect(distance(theirs, m.model(Tape(m.weights).constant(flipped)).value) < 1e-6)
  }

  @Test(arguments: ["vit", "convit"])
  func partsAddUpToTheLogits(_ name: String) throws {
    let m = try Models(name)
    let attribution = try LogitAttribution(of: m.images, m.model, m.weights)
    let sum = attribution.parts.dropFirst().reduce(attribution.parts[0].logits) { $0 + $1.logits }
    #expect(distance(sum, attribution.logits) < 1e-5)
    #expect(distance(attribution.logits, m.model(Tape(m.weights).constant(m.images)).value) < 1e-6)
    // Fixtures have the parts that reach the class token by themselves, the others add nothing.
    for part in attribution.parts {
      if m.expected.file.info("part.\(part.name)") == nil {
        #expect(part.logits.elements.allSatisfy { $0 == 0 }, "\(part.name)")
      } else {
        try m.expect(part.logits, "part.\(part.name)")
      }
    }
  }

  /// Also where blocks are computed once more, and with the derivative through the change.
  @Test func derivativesGoThroughChanges() throws {
    let m = try Models("convit")
    func gradients(recomputes: Bool) -> Gradients {
      let edits = m.model.ablating(heads: [1], inLayer: 1)
      let tape = Tape(m.weights, Pass(recomputesBlocks: recomputes, edits: edits))
      return tape.gradients(of: m.model(tape.constant(m.images)).squared().sum())
    }
    let (kept, again) = (gradients(recomputes: false), gradients(recomputes: true))
    for name in m.weights.tree.names where !name.hasSuffix("pos_proj.bias") {
      #expect(distance(again[name]!, kept[name]!) < 1e-5, "\(name)")
    }
    // What the head's values are made by has no derivative: columns 4 ..< 8 of the projection.
    let dv = try #require(kept["blocks.1.attn.v.weight"])
    #expect(dv.sliced(0, 4..<8).elements.allSatisfy { $0 == 0 })
    #expect(dv.sliced(0, 0..<4).elements.contains { $0 != 0 })
  }

  /// Looking at a part of a block does not change a bit; a change is seen by whoever looks.
  @Test func lookingChangesNothing() throws {
    let m = try Models("vit")
    let plain = m.model(Tape(m.weights, .inference).constant(m.images)).value
    let taps = Taps("*.attn.added", "*.mlp.added", "*.attn.heads")
    let tape = Tape(m.weights, Pass(isRecorded: false, taps: taps))
    #expect(m.model(tape.constant(m.images)).value.elements == plain.elements)
    #expect(tape.tapped.count == 9)
    let edits = Edits(at: "blocks.0.mlp.added") { 0 * $0 } + Edits(at: "*.0.mlp.added") { $0 + 2 }
    let changed = Tape(m.weights, Pass(isRecorded: false, taps: taps, edits: edits))
    _ = m.model(changed.constant(m.images))
    let seen = try #require(changed.tapped("blocks.0.mlp.added")).value
    #expect(seen.elements.allSatisfy { $0 == 2 })
  }
}
