import Autodiff
import ConViT
import Testing

@testable import Pruning

/// What parts matter, held against losses of models whose parts are scaled.
@Suite struct PartScoresTests {
  private static let labels = [0, 3, 2, 4, 1, 3]
  private static let images = Tensor.normal([6, 3, 8, 8], seed: 5)

  /// Two gated layers and one of plain attention; weights far from their start.
  private static func saved() throws -> (VisionTransformer, ParameterStore) {
    var c = ViTConfiguration(.convit, imageSize: 8, patchSize: 2, embedDim: 12, heads: 3)
    (c.depth, c.localUpToLayer, c.classes, c.qkvBias) = (3, 2, 5, true)
    let model = try VisionTransformer(c)
    var weights = ParameterStore(model, seed: 1)
    for (slot, value) in weights.values.enumerated() {
      let noise = Tensor.normal(value.shape, seed: UInt64(slot)).elements
      weights[slot: slot] = Tensor(value.shape, zip(value.elements, noise).map { $0 + 0.3 * $1 })
    }
    return (model, weights)
  }

  /// The loss of each image.
  private static func losses(_ model: VisionTransformer, _ weights: ParameterStore) -> [Double] {
    model(Tape(weights, .inference).constant(images)).crossEntropy(labels: labels)
      .value.elements.map(Double.init)
  }

  /// Rows, or columns, of a matrix or vector times a factor.
  private static func scale(
    _ weights: inout ParameterStore, _ parameter: Parameter?, by factor: Float,
    rows: (Int) -> Bool = { _ in true }, columns: (Int) -> Bool = { _ in true }
  ) {
    guard let parameter else { return }
    let width = parameter.shape.rank > 1 ? parameter.shape[1] : 1
    weights[parameter] = Tensor(
      parameter.shape,
      weights[parameter].elements.enumerated().map { place, number in
        rows(place / width) && columns(place % width) ? factor * number : number
      })
  }

  /// Derivatives of the losses at a factor of 1, by a step to both sides.
  private static func derivatives(
    _ model: VisionTransformer, _ weights: ParameterStore,
    _ scaled: (inout ParameterStore, Float) -> Void
  ) -> [Double] {
    let step: Float = 1 / 64
    func losses(_ factor: Float) -> [Double] {
      var moved = weights
      scaled(&moved, factor)
      return Self.losses(model, moved)
    }
    return zip(losses(1 + step), losses(1 - step)).map { ($0 - $1) / (2 * Double(step)) }
  }

  private static func near(_ found: [Double], _ expected: [Double]) -> Bool {
    let largest = expected.max() ?? 0
    return largest > 0 && found.count == expected.count
      && zip(found, expected).allSatisfy { abs($0 - $1) < 0.005 * (largest + $1) }
  }

  /// A gate on a head is a factor on its values, of which what it gives is a mean.
  @Test func gates() throws {
    let (model, weights) = try Self.saved()
    let scores = try PartScores(
      gatesOf: model, weights, examples: Self.images, labels: Self.labels,
      on: WorkerPool(threads: 2))
    for (layer, block) in model.blocks.enumerated() {
      let heads = (0..<3).map { head in
        Self.derivatives(model, weights) { weights, factor in
          let values = 24 + 4 * head..<28 + 4 * head  // behind queries and keys
          if let attention = block.attn as? MHSA {
            for parameter in [attention.qkv.weight, attention.qkv.bias] {
              Self.scale(&weights, parameter, by: factor, rows: values.contains)
            }
          } else if let attention = block.attn as? GPSA {
            for parameter in [attention.v.weight, attention.v.bias] {
              Self.scale(&weights, parameter, by: factor) { (4 * head..<4 * head + 4).contains($0) }
            }
          }
        }.reduce(0) { $0 + $1 * $1 }
      }
      #expect(Self.near(scores.heads[layer], heads), "\(scores.heads[layer]) \(heads)")
      let units = (0..<48).map { unit in
        Self.derivatives(model, weights) {
          Self.scale(&$0, block.mlp.fc2.weight, by: $1, columns: { $0 == unit })
        }.reduce(0) { $0 + $1 * $1 }
      }
      #expect(Self.near(scores.units[layer], units))
    }
  }

  /// By Taylor, all weights of a head are scaled, and the mean loss counts.
  @Test func saliencies() throws {
    let (model, weights) = try Self.saved()
    var rule = PruningRule(.taylor)
    rule.gradients = Gradients(
      ofLoss: model, weights, examples: Self.images, labels: Self.labels)
    let scores = try PartScores(of: model, weights, by: rule)
    for (layer, block) in model.blocks.enumerated() {
      let heads = (0..<3).map { head in
        let slopes = Self.derivatives(model, weights) { weights, factor in
          let own = { (row: Int) in row % 12 / 4 == head }
          let attention = block.attn
          for linear in [
            (attention as? MHSA)?.qkv, (attention as? GPSA)?.qk, (attention as? GPSA)?.v,
          ] {
            Self.scale(&weights, linear?.weight, by: factor, rows: own)
          }
          let proj = (attention as? MHSA)?.proj ?? (attention as? GPSA)?.proj
          Self.scale(&weights, proj?.weight, by: factor, columns: own)
        }
        let slope = slopes.reduce(0, +) / Double(slopes.count)
        return slope * slope
      }
      #expect(Self.near(scores.heads[layer], heads), "\(scores.heads[layer]) \(heads)")
    }
  }

  /// What one image gains another loses: no mean sees it, gates do.
  @Test func whatCancelsMatters() throws {
    let (model, weights) = try Self.saved()
    let pool = WorkerPool(threads: 1)
    func gates(_ range: Range<Int>) throws -> PartScores {
      try PartScores(
        gatesOf: model, weights, examples: Self.images.sliced(0, range),
        labels: Array(Self.labels[range]), on: pool)
    }
    // A sum over images: that of two halves, to the bit but for the order of the sums.
    let (all, first, second) = (try gates(0..<6), try gates(0..<3), try gates(3..<6))
    for layer in 0..<3 {
      let sums = zip(first.units[layer], second.units[layer]).map { $0 + $1 }
      #expect(zip(all.units[layer], sums).allSatisfy { abs($0 - $1) <= 1e-9 * $0 })
    }
    #expect(
      try gates(0..<6)
        == PartScores(
          gatesOf: model, weights, examples: Self.images, labels: Self.labels,
          on: WorkerPool(threads: 3)))
    let parts = KeptParts(removing: .heads, share: 1 / 3, by: all)
    for (kept, scores) in zip(parts.heads, all.heads) {
      let least = try #require(scores.indices.min { scores[$0] < scores[$1] })
      #expect(kept == [0, 1, 2].filter { $0 != least })
    }
  }
}
