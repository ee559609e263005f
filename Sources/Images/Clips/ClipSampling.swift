import Autodiff

/// Which frames of a clip a model sees: T of them, about `stride` apart, from where the placement
/// says.
///
/// The frames of a view are those of the released code of TimeSformer and SlowFast: in a span of
/// T · stride frames that begins at s, the frames ⌊s + i (T · stride − 1) / (T − 1)⌋ for
/// i = 0 … T − 1, and the last frame in place of those that the clip lacks. A clip shorter than the
/// span so repeats its last frame, and ``ClipReader`` notes it. s is at most the frames of the clip
/// less the span, or 0.
public struct ClipSampling: Hashable, Sendable {
  /// Where a span begins, of all places where it is within the clip.
  public enum Placement: Hashable, Sendable {
    /// With the first frame.
    case first
    /// In the middle of them.
    case middle
    /// Anywhere, drawn evenly.
    case random
    /// Several views: in so many equal parts of them, at the beginning of each.
    case dense(Int)
  }

  /// Frames of a view.
  public let frames: Int
  /// Frames of the clip from one to the next.
  public let stride: Int
  /// Where views begin.
  public let placement: Placement

  /// A way to choose `frames` frames.
  ///
  /// - Precondition: `frames`, `stride` and the number of views are positive.
  public init(frames: Int, stride: Int = 1, placement: Placement = .middle) {
    (self.frames, self.stride, self.placement) = (frames, stride, placement)
    checkPrecondition(
      frames > 0 && stride > 0 && views > 0,
      "ClipSampling: \(frames) frames, a stride of \(stride), \(views) views")
  }

  /// How many views there are of a clip: 1, or those of `dense`.
  public var views: Int { if case .dense(let views) = placement { views } else { 1 } }

  /// The frames of each view of a clip of `count` frames, in their order, [views, frames].
  ///
  /// What is random is drawn from `random` and nothing else.
  ///
  /// - Precondition: `count` is positive.
  public func indices(of count: Int, random: Random = Random(seed: 0)) -> [[Int]] {
    checkPrecondition(count > 0, "ClipSampling: a clip of \(count) frames")
    let room = Double(max(count - frames * stride, 0))
    let starts: [Double]
    switch placement {
    case .first: starts = [0]
    case .middle: starts = [room / 2]
    case .random:
      var source = random
      starts = [room * source.uniform()]
    case .dense(let views): starts = (0..<views).map { room * Double($0) / Double(views) }
    }
    return starts.map { start in
      (0..<frames).map { i in
        let steps = frames > 1 ? Double(i * (frames * stride - 1)) / Double(frames - 1) : 0
        return min(Int(start + steps), count - 1)
      }
    }
  }
}
