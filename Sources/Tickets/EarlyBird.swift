import Autodiff
import Pruning
import Training

/// When the mask that an epoch would leave has stopped to move: the early-bird test.
///
/// A queue of five distances begins with ones. Once a distance above ε was seen after the warm-up,
/// each that follows pushes out the oldest; the mask has stopped when all five are below ε.
///
/// Source: You et al., Drawing Early-Bird Tickets (ICLR 2020), as Zhang et al. (ICML 2021) use it.
public struct EarlyBird: Sendable, Hashable {
  /// How many distances have to be below ε.
  public static let length = 5

  /// ε: 0.07 in the paper, 0.08 in the authors' program.
  public let limit: Double
  /// Epochs whose distances do not count.
  public let warmup: Int
  private var queue = Array(repeating: 1.0, count: length)
  private var hasMoved = false

  /// A test with nothing seen.
  public init(below limit: Double, warmup: Int = 0) {
    checkPrecondition(limit > 0, "EarlyBird: ε must be positive, found \(limit)")
    (self.limit, self.warmup) = (limit, warmup)
  }

  /// Notes how far the mask after `epochs` epochs is from the one before.
  public mutating func add(_ distance: Double, after epochs: Int) {
    if epochs > warmup, distance > limit { hasMoved = true }
    guard hasMoved else { return }
    queue.removeFirst()
    queue.append(distance)
  }

  /// Whether the mask has stopped.
  public var isFound: Bool { (queue.max() ?? 1) < limit }

  func save(to snapshot: inout Snapshot, as name: String) {
    snapshot.put(hasMoved ? 1 : 0, as: "\(name).has_moved")
    for (place, distance) in queue.enumerated() { snapshot.put(distance, as: "\(name).\(place)") }
  }

  mutating func restore(_ snapshot: Snapshot, as name: String) throws {
    hasMoved = try snapshot.integer("\(name).has_moved") != 0
    queue = try queue.indices.map { try snapshot.double("\(name).\($0)") }
  }
}

extension ParameterMasks {
  /// How many weights one of two masks keeps and the other does not, as a share of `remaining`.
  public func distance(to other: ParameterMasks, of remaining: Int) -> Double {
    let (both, either) = (intersection(other), union(other))
    return Double(either.keptCount - both.keptCount) / Double(max(remaining, 1))
  }
}
