import Autodiff
import ConViT
import Probing
import Testing

extension Subject {
  /// What interventions do to the answers of the images.
  func effects(of interventions: [Intervention]) -> InterventionEffects {
    var effects = InterventionEffects(of: model, FrozenWeights(weights), interventions)
    effects.add(images, labels: labels, on: pool)
    return effects
  }

  func logits(_ edits: Edits) -> Tensor {
    model(Tape(weights, Pass(isRecorded: false, edits: edits)).constant(images)).value
  }
}

/// Heads and MLPs taken out, against weights of 0.
@Suite struct AblationTests {
  private struct Part {
    let layer: Int
    let head: Int?
    var name: String { "blocks.\(layer)." + (head.map { "attn.head.\($0)" } ?? "mlp") }
  }
  private let parts = (0..<2).flatMap { layer in
    [0, 1, nil].map { Part(layer: layer, head: $0) }
  }

  /// Without a head: the columns of the projection that read it are 0. Without an MLP: its second
  /// map is 0.
  private func without(
    _ part: Part, _ subject: Subject, _ means: (Int) -> Tensor? = { _ in nil }
  ) -> ParameterStore {
    var weights = subject.weights
    func change(_ name: String, _ body: (inout [Float]) -> Void) {
      let slot = weights.tree.names.firstIndex(of: name)!
      let old = weights[name]!
      var elements = old.elements
      body(&elements)
      weights[weights.tree.parameters[slot]] = Tensor(old.shape, elements)
    }
    let block = "blocks.\(part.layer)"
    guard let head = part.head else {
      change("\(block).mlp.fc2.weight") { $0 = $0.map { _ in 0 } }
      change("\(block).mlp.fc2.bias") { $0 = means(part.layer)?.elements ?? $0.map { _ in 0 } }
      return weights
    }
    let columns = head * 8..<(head + 1) * 8
    if let mean = means(part.layer) {
      let projection = weights["\(block).attn.proj.weight"]!
      change("\(block).attn.proj.bias") { bias in
        for row in bias.indices {
          bias[row] += columns.reduce(0) { $0 + projection[row, $1] * mean.elements[$1] }
        }
      }
    }
    change("\(block).attn.proj.weight") { elements in
      for index in elements.indices where columns.contains(index % 16) { elements[index] = 0 }
    }
    return weights
  }

  @Test(arguments: [ViTConfiguration.Family.vit, .convit])
  func partsAreWeightsOfZero(_ family: ViTConfiguration.Family) throws {
    let subject = try Subject(family)
    let ablation = subject.effects(of: Intervention.ablations(of: subject.model))
    #expect(ablation.interventions.map(\.name) == parts.map(\.name))
    let whole = subject.logits(subject.weights)
    let right = zip(whole.argmax(-1), subject.labels).map(==)
    for (part, line) in zip(parts, ablation.lines) {
      let logits = subject.logits(without(part, subject))
      let losses = Tape(.inference).constant(logits).crossEntropy(labels: subject.labels)
      let loss = Double(losses.value.elements.reduce(0, +)) / 6
      #expect(line.part == part.name && abs((line.loss ?? .nan) - loss) < 1e-5, "\(part.name)")
      let now = zip(logits.argmax(-1), subject.labels).map(==)
      #expect(abs(line.acc1 - 100 * Double(now.count { $0 }) / 6) < 1e-9)
      let difference = Double(now.count { $0 }) - Double(right.count { $0 })
      #expect(line.differenceInterval[0] <= line.differenceInterval[1])
      #expect(abs(line.difference - 100 * difference / 6) < 1e-9)
    }
    #expect(abs(ablation.whole.meanLoss - (ablation.lines[0].loss ?? 0)) > 1e-4)
  }

  /// The means that take the place are those of the values that were seen.
  @Test func partsAreTheirMeans() throws {
    let subject = try Subject(.vit)
    var means = PartMeans(of: subject.model)
    let frozen = FrozenWeights(subject.weights)
    for range in [0..<4, 4..<6] {
      means.add(subject.images.sliced(0, range), frozen, on: subject.pool)
    }
    let ablation = subject.effects(of: Intervention.ablations(of: subject.model, means: means))
    for (part, line) in zip(parts, ablation.lines) {
      let weights = without(part, subject) { layer in
        let place = "blocks.\(layer)." + (part.head == nil ? "mlp.added" : "attn.heads")
        let value = Tape(.inference).constant(subject.tapped(place))
        return value.mean(0).mean(0).value
      }
      let losses = Tape(.inference).constant(subject.logits(weights))
        .crossEntropy(labels: subject.labels)
      let loss = Double(losses.value.elements.reduce(0, +)) / 6
      #expect(abs((line.loss ?? .nan) - loss) < 1e-4, "\(part.name)")
    }
  }
}
