import Autodiff

/// An order in which a model is shown the frames of a clip, to see whether it looks at their order
/// at all.
public enum ClipOrder: String, Hashable, Sendable, Codable, CaseIterable {
  /// As they are.
  case original
  /// From the last to the first.
  case reversed
  /// In an order drawn for the clip, never the own one.
  case shuffled
  /// The first frame in the place of all.
  case first
  /// The frame in the middle, ⌊T / 2⌋, in the place of all.
  case frozen

  /// The frames to show in their order, of a clip of `count`; `random` is the clip's own.
  public func frames(of count: Int, random: Random) -> [Int] {
    let own = Array(0..<count)
    switch self {
    case .original: return own
    case .reversed: return own.reversed()
    case .first: return own.map { _ in 0 }
    case .frozen: return own.map { _ in count / 2 }
    case .shuffled:
      guard count > 1 else { return own }
      var source = random
      while true {
        let order = source.permutation(count)
        if order != own { return order }
      }
    }
  }

  /// Clips [B, T, channels, height, width], or views of them, [B, views, T, channels, height,
  /// width], in this order; `randoms` has a source for each clip.
  func applied(to clips: Tensor, _ randoms: [Random]) -> Tensor {
    guard self != .original else { return clips }
    let (views, frames) = (clips.shape.rank == 6 ? clips.shape[1] : 1, clips.shape[-4])
    let count = clips.shape[0] * views
    let length = clips.shape.elementCount / (count * frames)
    return Tensor(unsafeUninitialized: clips.shape) { out in
      clips.withUnsafeBufferPointer { clips in
        for view in 0..<count {
          let first = view * frames
          let order = self.frames(of: frames, random: randoms[view / views])
          for (place, frame) in order.enumerated() {
            (out + (first + place) * length).update(
              from: clips.baseAddress! + (first + frame) * length, count: length)
          }
        }
      }
    }
  }
}
