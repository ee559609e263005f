import Autodiff

/// Sums over images from which losses and accuracies follow.
public struct ClassificationTotals: Sendable, Hashable, Codable {
  /// The images counted.
  public private(set) var images = 0
  private var loss = 0.0
  private var (first, firstFive) = (0, 0)

  package init() {}

  /// Counts one image by its loss and by how many classes have a higher logit than its own.
  package mutating func add(loss: Float, rank: Int) {
    images += 1
    self.loss += Double(loss)
    if rank < 1 { first += 1 }
    if rank < 5 { firstFive += 1 }
  }

  package mutating func add(_ other: ClassificationTotals) {
    images += other.images
    loss += other.loss
    first += other.first
    firstFive += other.firstFive
  }

  /// The mean loss.
  public var meanLoss: Double { (loss / Double(max(images, 1))).withoutSignOfNaN }
  /// The mean loss; nil if it is no number, which JSON has not.
  package var finiteLoss: Double? { meanLoss.isFinite ? meanLoss : nil }
  /// Images whose class is the first, in percent.
  public var accuracy1: Double { 100 * Double(first) / Double(max(images, 1)) }
  /// Images whose class is among the first five (of however many there are), in percent.
  public var accuracy5: Double { 100 * Double(firstFive) / Double(max(images, 1)) }

  /// The totals of logits [B, classes] and the classes of the images.
  package init(logits: Tensor, labels: [Int]) {
    self.init()
    let losses = Tape(.inference).constant(logits).crossEntropy(labels: labels).value.elements
    let classes = logits.shape[-1]
    logits.withUnsafeBufferPointer { logits in
      for (row, label) in labels.enumerated() {
        let own = logits[row * classes + label]
        // The class counts behind its equals, and a NaN behind everything.
        let rank = (0..<classes).count { $0 != label && !(logits[row * classes + $0] < own) }
        add(loss: losses[row], rank: rank)
      }
    }
  }
}

extension Double {
  /// The same number, but for a NaN with a sign, which would be written as "-nan".
  package var withoutSignOfNaN: Double { isNaN ? .nan : self }
}
