import Autodiff
import ConViT
import Probing
import Testing

/// Mistakes end the process with what is wrong and what was expected.
@Suite struct MisuseTests {
  static func attribute(_ labels: [Int]) throws {
    let subject = try Subject(.vit)
    var summary = try AttributionSummary(of: subject.model)
    summary.add(subject.images, labels: labels, FrozenWeights(subject.weights), on: subject.pool)
  }
  static func patch(_ source: Shape, layer: Int = 0) throws {
    var subject = try Subject(.vit)
    // Logits of both classes 0 and 1 for pictures that are dark and bright.
    let slot = subject.weights.tree.names.firstIndex(of: "head.weight")!
    let old = subject.weights["head.weight"]!
    subject.weights[subject.weights.tree.parameters[slot]] = Tensor(
      old.shape, old.elements.map { 4 * $0 })
    let answers = subject.logits(subject.weights).argmax(-1)
    let other = answers.firstIndex { $0 != answers[0] } ?? 0
    func image(_ index: Int, _ shape: Shape) -> Tensor {
      shape == [1, 8, 8]
        ? subject.images.sliced(0, index..<index + 1).reshaped(shape)
        : Tensor(repeating: 0, shape)
    }
    let patching = try ActivationPatching(
      from: image(0, source), to: image(other, [1, 8, 8]), of: subject.model,
      FrozenWeights(subject.weights))
    _ = patching.line(ofLayer: layer, on: subject.pool)
  }

  static let mistakes: [(says: String, make: @Sendable () throws -> Void)] = [
    (
      "AttributionSummary: label 5 at index 4 is none of the model's classes, 0 to 4",
      { try attribute([0, 1, 2, 3, 5, 0]) }
    ),
    (
      "AttributionSummary: label -1 at index 2 is none of the model's classes, 0 to 4",
      { try attribute([0, 1, -1, 3, 4, 0]) }
    ),
    (
      "AttributionSummary: 2 labels for 6 images",
      { try attribute([0, 1]) }
    ),
    (
      "ActivationPatching: the source is [4, 1, 8, 8], expected [1, 8, 8]",
      { try patch([4, 1, 8, 8]) }
    ),
    ("ActivationPatching: layer 2 of 2, which are 0 to 1", { try patch([1, 8, 8], layer: 2) }),
    (
      "knockingOut: keys [5] and queries [] of 5 tokens, which are 0 to 4",
      { _ = try Subject(.vit).model.knockingOut(keys: [5], inLayer: 0) }
    ),
  ]

  @Test(arguments: mistakes.indices) func aMistakeEndsTheProcess(_ index: Int) async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in try Self.mistakes[index].make() }
    let words = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(words.contains(Self.mistakes[index].says), "\(words)")
  }

  @Test func beforeAnyImage() throws {
    let subject = try Subject(.vit)
    let interventions = Intervention.ablations(of: subject.model)
    let effects = InterventionEffects(
      of: subject.model, FrozenWeights(subject.weights), interventions)
    #expect(effects.lines.isEmpty && effects.whole.images == 0)
    #expect(try AttributionSummary(of: subject.model).lines.isEmpty)
  }

  @Test func logitsThatAreNoNumbers() throws {
    var subject = try Subject(.vit)
    let slot = subject.weights.tree.names.firstIndex(of: "head.bias")!
    subject.weights[subject.weights.tree.parameters[slot]] = Tensor(repeating: .nan, [5])
    let image = subject.images.sliced(0, 0..<1).reshaped([1, 8, 8])
    let error = #expect(throws: InputError.self) {
      try ActivationPatching(
        from: image, to: image, of: subject.model, FrozenWeights(subject.weights))
    }
    #expect(error?.description.contains("no numbers") == true)
  }
}
