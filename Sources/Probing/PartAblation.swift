import Autodiff
import ConViT
import DoubleNumerics
import Training

/// What a model loses without each of its heads and MLPs (Michel et al. 2019, arXiv:1905.10650):
/// what the part adds is replaced by zeros, or by its mean over images and tokens.
///
/// ```swift
/// var ablation = PartAblation(of: model, FrozenWeights(weights))
/// for batch in batches { ablation.add(batch.inputs, labels: batch.labels, on: pool) }
/// for line in ablation.lines { print(line.part, line.difference) }
/// ```
public struct PartAblation: Sendable {
  /// A head, or the MLP of a layer.
  public struct Part: Sendable, Hashable {
    /// The layer, from 0.
    public let layer: Int
    /// The head, from 0; nil of an MLP.
    public let head: Int?

    /// `blocks.3.attn.head.2`, `blocks.3.mlp`, as in `LogitAttribution`.
    public var name: String { "blocks.\(layer)." + (head.map { "attn.head.\($0)" } ?? "mlp") }

    /// Where its value is: that of all heads of a layer, side by side, or what the MLP adds.
    fileprivate var place: String {
      "blocks.\(layer)." + (head == nil ? "mlp.added" : "attn.heads")
    }
  }

  /// What is known of the model without a part.
  public struct Line: Sendable, Hashable, Codable {
    /// The name of the part.
    public let part: String
    /// Images whose class was answered, in percent.
    public let acc1: Double
    /// The mean cross-entropy; nil if that is no number.
    public let loss: Double?
    /// The accuracy less that of the whole model, in points.
    public let difference: Double
    /// The 95 % interval of the difference (Agresti and Min 2005), image by image.
    public let differenceInterval: [Double]

    enum CodingKeys: String, CodingKey {
      case part, acc1, loss, difference
      case differenceInterval = "difference_interval"
    }
  }

  /// The parts, layer by layer, heads first.
  public let parts: [Part]
  /// The whole model.
  public private(set) var whole = ClassificationTotals()
  private let model: VisionTransformer
  private let weights: FrozenWeights
  private let ablated: [FrozenWeights]  // by part
  private var right: [Bool] = []  // of the whole model, by image
  private var without: [(totals: ClassificationTotals, right: [Bool])]  // by part

  /// The ablations of a model.
  ///
  /// - Parameters:
  ///   - model: whose parts are taken out, one at a time.
  ///   - weights: its weights.
  ///   - means: what replaces the parts; zeros if nil.
  public init(of model: VisionTransformer, _ weights: FrozenWeights, means: PartMeans? = nil) {
    let parts = model.blocks.enumerated().flatMap { layer, block in
      (0..<block.attn.heads).map { Part(layer: layer, head: $0) } + [Part(layer: layer, head: nil)]
    }
    (self.model, self.weights, self.parts) = (model, weights, parts)
    ablated = parts.map { part in
      let mean = means.map { $0[part.place] }
      guard let head = part.head else {
        return weights.changing(
          Edits(at: part.place) { added in
            let value = mean ?? Tensor(repeating: 0, [added.shape[-1]])
            return added.tape.constant(value).broadcast(to: added.shape)
          })
      }
      return weights.changing(model.ablating(heads: [head], inLayer: part.layer, with: mean))
    }
    without = parts.map { _ in (ClassificationTotals(), []) }
  }

  /// Adds images [B, channels, height, width], each of which goes through the model once more for
  /// each part.
  public mutating func add(_ images: Tensor, labels: [Int], on pool: WorkerPool) {
    func answers(_ weights: FrozenWeights) -> (ClassificationTotals, [Bool]) {
      let logits = model.logits(of: images, weights, on: pool)
      return (
        ClassificationTotals(logits: logits, labels: labels),
        zip(logits.argmax(-1), labels).map(==)
      )
    }
    let (totals, right) = answers(weights)
    whole.add(totals)
    self.right += right
    for part in parts.indices {
      let (totals, right) = answers(ablated[part])
      without[part].totals.add(totals)
      without[part].right += right
    }
  }

  /// What the images that were added say, a line for each part.
  public var lines: [Line] {
    zip(parts, without).map { part, found in
      let paired = PairedProportions(found.right, right)
      let interval = paired.interval()
      return Line(
        part: part.name, acc1: found.totals.accuracy1, loss: found.totals.finiteLoss,
        difference: 100 * paired.difference,
        differenceInterval: [100 * interval.lowerBound, 100 * interval.upperBound])
    }
  }
}

/// The means over images and tokens of what heads see and MLPs add.
public struct PartMeans: Sendable {
  private let model: VisionTransformer
  private let places: [String]
  private var sums: [[Double]]  // by place
  private var rows: [Int]

  /// Of no image yet.
  public init(of model: VisionTransformer) {
    self.model = model
    places = model.blocks.indices.flatMap { ["blocks.\($0).attn.heads", "blocks.\($0).mlp.added"] }
    sums = places.map { _ in [] }
    rows = places.map { _ in 0 }
  }

  /// Adds images [B, channels, height, width].
  public mutating func add(_ images: Tensor, _ weights: FrozenWeights, on pool: WorkerPool) {
    let values = model.values(at: places, of: images, weights, on: pool) { $0.value }.values
    for (place, parts) in values.enumerated() {
      for value in parts { add(value, at: place) }
    }
  }

  private mutating func add(_ value: Tensor, at place: Int) {
    let width = value.shape[-1]
    if sums[place].isEmpty { sums[place] = Array(repeating: 0, count: width) }
    for (index, x) in value.elements.enumerated() { sums[place][index % width] += Double(x) }
    rows[place] += value.count / width
  }

  fileprivate subscript(place: String) -> Tensor {
    let index = places.firstIndex(of: place)!
    checkPrecondition(rows[index] > 0, "PartMeans: no image was added")
    return Tensor([sums[index].count], sums[index].map { Float($0 / Double(rows[index])) })
  }
}
