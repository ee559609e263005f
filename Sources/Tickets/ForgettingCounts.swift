import Autodiff
import Training

/// How often each example of a set was forgotten in training: right when it was trained on, and
/// wrong the next time.
///
/// Source: Toneva et al., An Empirical Study of Example Forgetting (ICLR 2019), as Zhang et al.
/// (ICML 2021) use it.
public struct ForgettingCounts: Sendable, Hashable {
  /// The count of an example that was never right.
  public static let neverLearned = 200_000

  /// The examples, ascending, by their indices in the data set.
  public let indices: [Int]
  private let places: [Int: Int]
  private var (seen, right, forgotten, last): ([Int], [Int], [Int], [Int])
  private var losses: [Double]  // sums

  /// Counts of examples of which none was seen; one that comes twice is counted once.
  public init(of indices: [Int]) {
    self.indices = Set(indices).sorted()
    places = Dictionary(uniqueKeysWithValues: self.indices.enumerated().map { ($1, $0) })
    let zeros = Array(repeating: 0, count: self.indices.count)
    (seen, right, forgotten, last) = (zeros, zeros, zeros, zeros)
    losses = zeros.map(Double.init)
  }

  /// Notes that an example was seen, whether it was right, and its loss.
  ///
  /// - Precondition: it is of the set.
  public mutating func add(_ index: Int, isRight: Bool, loss: Float) {
    guard let place = places[index] else {
      fatalError("ForgettingCounts: example \(index) is not of the set")
    }
    seen[place] += 1
    if isRight { right[place] += 1 }
    if !isRight, last[place] == 1 { forgotten[place] += 1 }
    last[place] = isRight ? 1 : 0
    losses[place] += Double(loss)
  }

  /// How often an example was forgotten, ``neverLearned`` if it was never right; nil if it is not
  /// of the set.
  public subscript(index: Int) -> Int? { places[index].map(count) }

  /// The counts of all, in the order of ``indices``.
  public var counts: [Int] { indices.indices.map(count) }

  /// The share of its sightings in which an example was right; nil if it was never seen, or is not
  /// of the set.
  public func accuracy(of index: Int) -> Double? {
    guard let place = places[index], seen[place] > 0 else { return nil }
    return Double(right[place]) / Double(seen[place])
  }

  /// The mean loss of an example over its sightings; nil if it was never seen, or is not of the
  /// set.
  public func loss(of index: Int) -> Double? {
    guard let place = places[index], seen[place] > 0 else { return nil }
    return losses[place] / Double(seen[place])
  }

  /// The examples that were forgotten more often than `limit`, or never learned: critical ones.
  public func critical(above limit: Int = 0) -> [Int] {
    zip(indices, counts).filter { $0.1 > limit }.map(\.0)
  }

  private func count(_ place: Int) -> Int {
    right[place] == 0 ? Self.neverLearned : forgotten[place]
  }
}

extension ForgettingCounts {
  /// Puts all counts into a snapshot, under `name.`
  public func save(to snapshot: inout Snapshot, as name: String) {
    snapshot.put(indices, as: "\(name).indices")
    for (part, values) in [("seen", seen), ("right", right), ("last", last)] {
      snapshot.put(values, as: "\(name).\(part)")
    }
    snapshot.put(forgotten, as: "\(name).forgotten")
    snapshot.put(losses.map { Int(Int64(bitPattern: $0.bitPattern)) }, as: "\(name).losses")
  }

  /// Takes them out again.
  ///
  /// - Throws: `TrainingError` if they are not there, or of other examples.
  public mutating func restore(_ snapshot: Snapshot, as name: String) throws {
    guard try snapshot.integers("\(name).indices") == indices else {
      throw TrainingError("the counts '\(name)' of a checkpoint are of other images")
    }
    func values(_ part: String) throws -> [Int] {
      let values = try snapshot.integers("\(name).\(part)")
      guard values.count == indices.count else {
        throw TrainingError(
          "'\(name).\(part)' of a checkpoint: \(values.count) counts of \(indices.count) images")
      }
      return values
    }
    (seen, right) = (try values("seen"), try values("right"))
    (forgotten, last) = (try values("forgotten"), try values("last"))
    losses = try values("losses").map { Double(bitPattern: UInt64(bitPattern: Int64($0))) }
  }
}
