/// How the examples of a step are cut into parts, each of which one process reads as a batch.
///
/// Places are those of the step, from 0. A part is a run of them, or, where examples are mixed with
/// each other, a run of the first half with its mirror image of the second: the partner of place i
/// of n, which is n − 1 − i, is then always in the same part, and in its batch it is the partner as
/// well. So a step comes to the same for any number and size of parts.
package struct StepParts: Sendable, Hashable {
  /// The examples of the step.
  let count: Int
  /// The most examples of a part.
  package let size: Int
  private let isPaired: Bool

  /// Parts of `batchSize` examples, of an even number where several are to hold pairs.
  package init(_ count: Int, batchSize: Int, isPaired: Bool) {
    self.count = count
    self.isPaired = isPaired && count > batchSize
    size = self.isPaired ? max(2, batchSize / 2 * 2) : batchSize
  }

  /// How many parts there are.
  package var parts: Int { (count + size - 1) / size }

  /// The places of the parts of one of `processes`, which take turns, in the order of reading.
  package func places(of rank: Int, of processes: Int = 1) -> [Int] {
    stride(from: rank, to: parts, by: processes).flatMap(places(ofPart:))
  }

  private func places(ofPart part: Int) -> [Int] {
    guard isPaired else { return Array(part * size..<min((part + 1) * size, count)) }
    let front = part * size / 2..<min((part + 1) * size / 2, (count + 1) / 2)
    let mirrored = max(count - front.upperBound, front.upperBound)..<count - front.lowerBound
    return Array(front) + Array(mirrored)
  }
}
