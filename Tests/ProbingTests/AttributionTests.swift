import Autodiff
import ConViT
import Probing
import Testing

@Suite struct AttributionSummaryTests {
  /// The parts' means add up to the model's, and are those of `LogitAttribution` image by image,
  /// which InterventionTests of ConViT holds against PyTorch.
  @Test(arguments: [ViTConfiguration.Family.vit, .convit])
  func meansOfParts(_ family: ViTConfiguration.Family) throws {
    let subject = try Subject(family)
    let frozen = FrozenWeights(subject.weights)
    var summary = try AttributionSummary(of: subject.model)
    for range in [0..<5, 5..<6] {
      summary.add(
        subject.images.sliced(0, range), labels: Array(subject.labels[range]), frozen,
        on: subject.pool)
    }
    let logits = subject.logits(subject.weights)
    let whole = (0..<6).map { image in (0..<5).map { logits[image, $0] } }
    let labels = zip(whole, subject.labels).map { row, label in
      row[label] - row.reduce(0, +) / 5
    }
    let margins = zip(whole, subject.labels).map { row, label in
      row[label] - row.indices.filter { $0 != label }.map { row[$0] }.max()!
    }
    for image in 0..<6 {
      #expect(abs(summary.classLogits.reduce(0) { $0 + $1[image] } - labels[image]) < 1e-5)
      #expect(abs(summary.margins.reduce(0) { $0 + $1[image] } - margins[image]) < 1e-5)
    }
    let lines = summary.lines
    #expect(abs(lines.reduce(0) { $0 + $1.classLogit } - Double(labels.reduce(0, +)) / 6) < 1e-5)
    #expect(abs(lines.reduce(0) { $0 + $1.margin } - Double(margins.reduce(0, +)) / 6) < 1e-5)

    let attribution = try LogitAttribution(of: subject.images, subject.model, subject.weights)
    #expect(lines.map(\.part) == attribution.parts.map(\.name))
    for (part, value) in attribution.parts.enumerated() {
      for image in 0..<6 {
        let row = (0..<5).map { value.logits[image, $0] }
        let label = row[subject.labels[image]] - row.reduce(0, +) / 5
        #expect(abs(summary.classLogits[part][image] - label) < 1e-5)
      }
    }
    let values = summary.margins[0].map(Double.init)
    let mean = values.reduce(0, +) / 6
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 5
    #expect(abs((lines[0].marginError ?? 0) - (variance / 6).squareRoot()) < 1e-6)
  }

  @Test func modelsWithoutAttribution() throws {
    let distilled = try Subject(.vit, distilled: true)
    #expect(throws: InputError.self) { try AttributionSummary(of: distilled.model) }
  }
}

@Suite struct ActivationPatchingTests {
  /// Two images that the model names differently.
  private func pair(_ subject: Subject) throws -> (source: Tensor, target: Tensor) {
    let answers = subject.logits(subject.weights).argmax(-1)
    let other = try #require(answers.indices.first { answers[$0] != answers[0] })
    return (
      subject.images.sliced(0, 0..<1).reshaped([1, 8, 8]),
      subject.images.sliced(0, other..<other + 1).reshaped([1, 8, 8])
    )
  }

  @Test(
    arguments: [ViTConfiguration.Family.vit, .convit],
    ActivationPatching.Place.allCases)
  func sharesAreOfEdits(
    _ family: ViTConfiguration.Family, _ place: ActivationPatching.Place
  ) throws {
    var subject = try Subject(family)
    // Larger maps, so that the six random images are not all of one class.
    let head = subject.weights.tree.names.firstIndex(of: "head.weight")!
    let slot = subject.weights.tree.parameters[head]
    let old = subject.weights["head.weight"]!
    subject.weights[slot] = Tensor(old.shape, old.elements.map { 4 * $0 })
    let (source, target) = try pair(subject)
    let patching = try ActivationPatching(
      from: source, to: target, of: subject.model, FrozenWeights(subject.weights), at: place)
    let name = ["output": "output", "attention": "attn.added", "mlp": "mlp.added"][place.rawValue]!
    for layer in 0..<2 {
      let line = patching.line(ofLayer: layer, on: subject.pool)
      let at = "blocks.\(layer).\(name)"
      let tape = Tape(subject.weights, Pass(isRecorded: false, taps: Taps(at)))
      _ = subject.model(tape.constant(source.reshaped([1, 1, 8, 8])))
      let value = try #require(tape.tapped(at)).value
      func share(_ rows: Range<Int>) -> Double {
        let pass = Pass(isRecorded: false, edits: .patch(at, with: value, rows: rows))
        let images = target.reshaped([1, 1, 8, 8])
        let logits = subject.model(Tape(subject.weights, pass).constant(images)).value
        let (a, b) = patching.classes
        let (from, to) = patching.differences
        return Double((logits[0, a] - logits[0, b] - to) / (from - to))
      }
      let front = family == .vit || layer == 1 ? 1 : 0
      #expect(abs(line.all - share(0..<front + 4)) < 1e-5)
      #expect(abs(line.patches - share(front..<front + 4)) < 1e-5)
      #expect(line.patch.count == 4 && abs(line.patch[2] - share(front + 2..<front + 3)) < 1e-5)
      #expect((line.frontTokens == nil) == (front == 0))
      if let token = line.frontTokens { #expect(abs(token - share(0..<1)) < 1e-5) }
      if place == .output { #expect(abs(line.all - 1) < 1e-5) }  // the source's answer itself
    }
  }

  @Test func oneAnswerForBoth() throws {
    let subject = try Subject(.vit)
    let image = subject.images.sliced(0, 0..<1).reshaped([1, 8, 8])
    #expect(throws: InputError.self) {
      try ActivationPatching(
        from: image, to: image, of: subject.model, FrozenWeights(subject.weights))
    }
  }
}
