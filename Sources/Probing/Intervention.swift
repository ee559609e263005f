import Autodiff
import ConViT
import DoubleNumerics
import Training

/// A change inside of a model, and what it is called in a table.
public struct Intervention: Sendable {
  /// Where the model is changed, as `blocks.3.attn.head.2`.
  public let name: String
  /// The change.
  public let edits: Edits

  /// A change and its name.
  public init(_ name: String, _ edits: Edits) { (self.name, self.edits) = (name, edits) }
}

/// The accuracies of a model under interventions, one at a time, beside that of the model as it is.
///
/// ```swift
/// let interventions = Intervention.ablations(of: model)
/// var effects = InterventionEffects(of: model, FrozenWeights(weights), interventions)
/// for batch in batches { effects.add(batch.inputs, labels: batch.labels, on: pool) }
/// for line in effects.lines { print(line.part, line.difference) }
/// ```
public struct InterventionEffects: Sendable {
  /// What is known of the model under one intervention.
  public struct Line: Sendable, Hashable, Codable {
    /// The intervention's name.
    public let part: String
    /// Images whose class was answered, in percent.
    public let acc1: Double
    /// The mean cross-entropy; nil if that is no number.
    public let loss: Double?
    /// The accuracy less that of the model as it is, in points.
    public let difference: Double
    /// The 95 % interval of the difference (Agresti and Min 2005), image by image.
    public let differenceInterval: [Double]

    enum CodingKeys: String, CodingKey {
      case part, acc1, loss, difference
      case differenceInterval = "difference_interval"
    }
  }

  /// The interventions.
  public let interventions: [Intervention]
  /// The model as it is.
  public private(set) var whole = ClassificationTotals()
  private let model: any Model
  private let weights: FrozenWeights
  private let changed: [FrozenWeights]  // by intervention
  private var right: [Bool] = []  // of the model as it is, by image
  private var found: [(totals: ClassificationTotals, right: [Bool])]  // by intervention

  /// The effects on a classifier of images, or of clips.
  public init(of model: any Model, _ weights: FrozenWeights, _ interventions: [Intervention]) {
    (self.model, self.weights, self.interventions) = (model, weights, interventions)
    changed = interventions.map { weights.changing($0.edits) }
    found = interventions.map { _ in (ClassificationTotals(), []) }
  }

  /// Adds images [B, channels, height, width], each of which goes through the model once more for
  /// each intervention.
  public mutating func add(_ images: Tensor, labels: [Int], on pool: WorkerPool) {
    let model = model
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
    for index in interventions.indices {
      let (totals, right) = answers(changed[index])
      found[index].totals.add(totals)
      found[index].right += right
    }
  }

  /// What the images that were added say, a line for each intervention; none before the first.
  public var lines: [Line] {
    guard whole.images > 0 else { return [] }
    return zip(interventions, found).map { intervention, found in
      let paired = PairedProportions(found.right, right)
      let interval = paired.interval()
      return Line(
        part: intervention.name, acc1: found.totals.accuracy1, loss: found.totals.finiteLoss,
        difference: 100 * paired.difference,
        differenceInterval: [100 * interval.lowerBound, 100 * interval.upperBound])
    }
  }
}
