import Autodiff
import ConViT
import DoubleNumerics
import Images

/// What becomes of a model's answers when the order of frames is changed: whether it looks at time
/// at all. As JSON, what `convit video audit --json` prints.
public struct ClipAudit: Sendable, Hashable, Codable {
  /// The answers for one order of frames.
  public struct Line: Sendable, Hashable, Codable {
    /// How frames were shown.
    public let order: ClipOrder
    /// Clips whose class was answered, in percent of all.
    public let acc1: Double
    /// The 95 % interval of Wilson around it.
    public let interval: [Double]
    /// Clips with the answer that they get in their own order, in percent.
    public let sameAnswer: Double
    /// The accuracy less that in their own order, in points; none of that order itself.
    public let difference: Double?
    /// The 95 % interval of Agresti and Min around it, clip by clip.
    public let differenceInterval: [Double]?

    enum CodingKeys: String, CodingKey {
      case order, acc1, interval, difference
      case sameAnswer = "same_answer"
      case differenceInterval = "difference_interval"
    }
  }

  /// Clips that were counted.
  public let clips: Int
  /// The share of the largest class among them, in percent: what a model reaches that answers one
  /// class to all.
  public let largestClass: Double
  /// One for each order.
  public let lines: [Line]

  enum CodingKeys: String, CodingKey {
    case clips, lines
    case largestClass = "largest_class"
  }
}

extension ClipAudit {
  /// Counts answers, those in the own order first: of each order, for the same clips in one order.
  package init(_ answers: [ClipOrder: [Answer]]) {
    let original = answers[.original] ?? []
    checkPrecondition(!original.isEmpty, "ClipAudit: no clip was answered for")
    let all = original.count
    clips = all
    let classes = Dictionary(grouping: original, by: \.label)
    largestClass = 100 * Double(classes.values.map(\.count).max() ?? 0) / Double(all)
    lines = ClipOrder.allCases.compactMap { order in
      guard let found = answers[order] else { return nil }
      let pairs = Array(zip(found, original))
      let right = Proportion(found.count(where: \.isRight), of: all)
      let paired = PairedProportions(found.map(\.isRight), original.map(\.isRight))
      let isOwn = order == .original
      return Line(
        order: order, acc1: 100 * Double(right.part) / Double(all),
        interval: percent(right.interval()),
        sameAnswer: 100 * Double(pairs.count { $0.predicted == $1.predicted }) / Double(all),
        difference: isOwn ? nil : 100 * paired.difference,
        differenceInterval: isOwn ? nil : percent(paired.interval()))
    }
  }

  /// The line of an order.
  public subscript(order: ClipOrder) -> Line? { lines.first { $0.order == order } }

  /// The accuracy on other clips less that on these, in points, and its 95 % interval (Newcombe
  /// 1998): the clips are taken for different ones.
  package func difference(of other: ClipAudit) -> (points: Double, interval: [Double])? {
    func right(_ audit: ClipAudit) -> Proportion? {
      audit[.original].map { line in
        Proportion(Int((line.acc1 / 100 * Double(audit.clips)).rounded()), of: audit.clips)
      }
    }
    guard let mine = right(self), let theirs = right(other) else { return nil }
    let (difference, interval) = theirs.difference(to: mine)
    return (100 * difference, percent(interval))
  }
}

private func percent(_ interval: ClosedRange<Double>) -> [Double] {
  [100 * interval.lowerBound, 100 * interval.upperBound]
}

extension Evaluator {
  /// The answers of a model of clips to clips in several orders of their frames; each clip is read
  /// once, and how it is shuffled depends on `seed` and its index alone.
  ///
  /// Examples are [T, channels, height, width], or [views, T, channels, height, width] for a model
  /// that averages over views.
  public func audit(
    _ model: any Model, _ weights: FrozenWeights, on samples: [Example],
    orders: [ClipOrder] = ClipOrder.allCases, seed: UInt64 = 0, pool: WorkerPool,
    noting: (Batch) throws -> Void = { _ in }, progress: (Int) throws -> Void = { _ in }
  ) throws -> ClipAudit {
    checkPrecondition(!samples.isEmpty, "audit: no examples")
    let random = Random(seed: seed).split("clip order")
    var answers: [ClipOrder: [Answer]] = [:]
    var done = 0
    try batches(of: samples, needsSome: true, noting: noting) { batch in
      let randoms = batch.indices.map { random.split($0) }
      for order in Set(orders).union([.original]) {
        let logits = model.logits(
          of: order.applied(to: batch.inputs, randoms), weights, on: pool)
        answers[order, default: []] += Answer.all(
          logits, labels: batch.labels, indices: batch.indices)
      }
      done += batch.count
      try progress(done)
    }
    return ClipAudit(answers)
  }
}
