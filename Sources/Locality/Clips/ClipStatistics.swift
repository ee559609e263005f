import Autodiff
import CKernels
import ConViT
import DoubleNumerics

/// What is summed up over clips about the heads of one step of a layer.
struct ClipStatistics: MapSums {
  struct Head: Sendable {
    /// The mean over a clip's queries of Σ A |t − t′|, in frames, and of Σ A ‖δ‖, in patches.
    var frames = RunningMoments()
    var places = RunningMoments()
    /// The entropy of a query's attention, in nats.
    var entropy = RunningMoments()
    /// What queries give to the class and distillation tokens.
    var tokenShare = RunningMoments()
    /// Σ over clips and queries of what frame t gives to frame t′, [T, T] of a group.
    var profile: [Double]
  }

  private(set) var heads: [Head]
  private(set) var clips = 0
  private let step: ClipStep
  /// ‖δ‖ between the patches of a group in one frame, [n · n].
  private let distances: [Float]

  init(_ step: ClipStep, heads: Int) {
    (self.step, distances) = (step, step.patches.distances())
    let profile = Array(repeating: 0.0, count: step.frames * step.frames)
    self.heads = Array(repeating: Head(profile: profile), count: heads)
  }

  /// Adds the maps of some clips, [B · G, H, K + n, K + n].
  ///
  /// Rows and columns of the K other tokens are left out, and the rows that remain scaled to sum
  /// to 1.
  mutating func add(_ maps: Tensor) {
    let (count, length) = (heads.count, maps.shape[-1])
    checkPrecondition(
      maps.shape.rank == 4 && maps.shape[1] == count && maps.shape[0] % step.groups == 0
        && length >= step.length,
      "ClipStatistics: maps \(maps.shape) of \(count) heads, \(step.groups) groups of "
        + "\(step.length) patches")
    let size = length * length
    maps.withUnsafeBufferPointer { maps in
      guard let start = maps.baseAddress else { return }
      for clip in 0..<maps.count / (step.groups * count * size) {
        for head in heads.indices {
          var sums = Sums(step)
          for group in 0..<step.groups {
            sums.add(
              start + ((clip * step.groups + group) * count + head) * size,
              tokens: length - step.length, distances)
          }
          heads[head].add(sums, queries: Double(step.groups * step.length))
        }
        clips += 1
      }
    }
  }

  mutating func add(_ other: ClipStatistics) {
    for index in heads.indices { heads[index].add(other.heads[index]) }
    clips += other.clips
  }

  /// What the frames of a group give to each other, [T][T], rows that sum to 1.
  func profile(_ head: Int) -> [[Double]] {
    let count = step.frames
    let queries = Double(clips * step.groups * step.patches.count)
    return (0..<count).map { frame in
      (0..<count).map { heads[head].profile[frame * count + $0] / queries }
    }
  }
}

extension ClipStatistics.Head {
  fileprivate mutating func add(_ sums: Sums, queries: Double) {
    frames.add(sums.frames / queries)
    places.add(sums.places / queries)
    entropy.add(sums.entropy / queries)
    tokenShare.add(sums.taken / queries)
    for index in profile.indices { profile[index] += sums.profile[index] }
  }

  fileprivate mutating func add(_ other: Self) {
    frames.add(other.frames)
    places.add(other.places)
    entropy.add(other.entropy)
    tokenShare.add(other.tokenShare)
    for index in profile.indices { profile[index] += other.profile[index] }
  }
}

/// Sums over the queries of one clip and head.
private struct Sums {
  var (frames, places, entropy, taken) = (0.0, 0.0, 0.0, 0.0)
  var profile: [Double]
  private let count, patches: Int  // of a group
  private var row: [Float]
  private var place: [Float]

  init(_ step: ClipStep) {
    (count, patches) = (step.frames, step.patches.count)
    profile = Array(repeating: 0, count: count * count)
    row = Array(repeating: 0, count: count * patches)
    place = Array(repeating: 0, count: patches)
  }

  /// Adds the map of a group, [K + n, K + n].
  mutating func add(_ map: UnsafePointer<Float>, tokens: Int, _ distances: [Float]) {
    let (length, count, patches) = (row.count, count, patches)
    for query in 0..<length {
      let start = map + (tokens + query) * (tokens + length) + tokens
      let rest = ck_sum(start, length)
      taken += tokens > 0 ? 1 - Double(rest) : 0
      row.withUnsafeMutableBufferPointer { row in
        guard let row = row.baseAddress else { return }
        ck_scale(row, tokens > 0 ? 1 / rest : 1, start, length)
        entropy += ck_entropy(row, length)
        place.withUnsafeMutableBufferPointer { place in
          place.update(repeating: 0)
          for frame in 0..<count {
            let share = Double(ck_sum(row + frame * patches, patches))
            frames += share * Double(abs(frame - query / patches))
            profile[query / patches * count + frame] += share
            ck_axpy(place.baseAddress, 1, row + frame * patches, patches)
          }
          distances.withUnsafeBufferPointer {
            places += Double(
              ck_dot(place.baseAddress, $0.baseAddress! + query % patches * patches, patches))
          }
        }
      }
    }
  }
}
