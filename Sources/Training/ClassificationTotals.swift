/// Sums over images from which losses and accuracies follow.
public struct ClassificationTotals: Sendable, Hashable {
  /// The images counted.
  public private(set) var images = 0
  private var loss = 0.0
  private var (first, firstFive) = (0, 0)

  /// The totals of no images.
  public init() {}

  /// Counts one image by its loss and by how many classes have a higher logit than its own.
  public mutating func add(loss: Float, rank: Int) {
    images += 1
    self.loss += Double(loss)
    if rank < 1 { first += 1 }
    if rank < 5 { firstFive += 1 }
  }

  /// Counts the images of other totals.
  public mutating func add(_ other: ClassificationTotals) {
    images += other.images
    loss += other.loss
    first += other.first
    firstFive += other.firstFive
  }

  /// The mean loss.
  public var meanLoss: Double { (loss / Double(max(images, 1))).withoutSignOfNaN }
  /// Images whose class is the first, in percent.
  public var accuracy1: Double { 100 * Double(first) / Double(max(images, 1)) }
  /// Images whose class is among the first five (of however many there are), in percent.
  public var accuracy5: Double { 100 * Double(firstFive) / Double(max(images, 1)) }
}
