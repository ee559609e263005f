import Autodiff
import ConViT
import Training

/// What a model would answer if it ended behind each of its blocks: the logit lens (nostalgebraist
/// 2020) on what the head reads, over many images.
public struct EarlyExits: Sendable {
  /// What the head makes of a block.
  public struct Line: Sendable, Hashable, Codable {
    /// The block, from 0.
    public let layer: Int
    /// Images whose class was answered, in percent.
    public let acc1: Double
    /// The mean cross-entropy; nil if that is no number.
    public let loss: Double?
    /// Images with the answer that the whole model gives, in percent.
    public let sameAnswer: Double

    enum CodingKeys: String, CodingKey {
      case layer, acc1, loss
      case sameAnswer = "same_answer"
    }
  }

  private let model: VisionTransformer
  private var blocks: [(totals: ClassificationTotals, same: Int)]

  /// Of no image yet.
  public init(of model: VisionTransformer) {
    self.model = model
    blocks = model.blocks.map { _ in (ClassificationTotals(), 0) }
  }

  /// The images that were added.
  public var images: Int { blocks[0].totals.images }

  /// Adds images [B, channels, height, width]; returns the logits behind each block, of which the
  /// last are the model's, [B, classes].
  @discardableResult
  public mutating func add(
    _ images: Tensor, labels: [Int], _ weights: FrozenWeights, on pool: WorkerPool
  ) -> [Tensor] {
    let places = model.blocks.indices.map { "blocks.\($0).output" }
    let logits = model.values(at: places, of: images, weights, on: pool) {
      model.earlyExit($0).value
    }.values.map { Tensor.concatenated($0, 0) }
    let answers = logits.map { $0.argmax(-1) }
    for block in blocks.indices {
      blocks[block].totals.add(ClassificationTotals(logits: logits[block], labels: labels))
      blocks[block].same += zip(answers[block], answers.last!).count(where: ==)
    }
    return logits
  }

  /// A line for each block.
  public var lines: [Line] {
    blocks.enumerated().map { layer, found in
      Line(
        layer: layer, acc1: found.totals.accuracy1, loss: found.totals.finiteLoss,
        sameAnswer: 100 * Double(found.same) / Double(max(images, 1)))
    }
  }
}
