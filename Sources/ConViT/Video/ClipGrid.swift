import Autodiff

/// The patches of a clip: frame by frame, in a frame row by row.
struct ClipGrid: Hashable, Sendable {
  let frames: Int
  let patches: PatchGrid

  /// T·N
  var count: Int { frames * patches.count }

  /// The number of a patch in this order.
  func index(_ frame: Int, _ row: Int, _ column: Int) -> Int {
    frame * patches.count + row * patches.columns + column
  }
}

/// The tokens of a clip, dealt to groups that an attention looks at one by one: the frames, their
/// rows or columns, or the places of a patch in all frames.
///
/// In front of the patches of a clip are K tokens of no frame, such as the class token. Each group
/// in a frame has a copy of them, and the mean over the copies comes back, as in the authors' code
/// for `divided`; a group of one place in time has none.
struct ClipFold: Sendable {
  enum Axis { case time, frames, rows, columns }

  let hasTokens: Bool
  let groups: Int  // of a clip, G
  private let tokens: Int  // K
  private let length: Int  // n, the patches of a group
  private let stride: Int  // from one of them to the next in the clip
  private let count: Int  // T·N

  init(_ axis: Axis, of grid: ClipGrid, tokens: Int) {
    let patches = grid.patches
    (length, stride) =
      switch axis {
      case .time: (grid.frames, patches.count)
      case .frames: (patches.count, 1)
      case .rows: (patches.columns, 1)
      case .columns: (patches.rows, patches.columns)
      }
    (count, groups) = (grid.count, grid.count / length)
    (self.tokens, hasTokens) = (tokens, tokens > 0 && axis != .time)
  }

  /// [B, K + T·N, C] → [B · G, K + n, C], or [B · G, n, C] without tokens.
  func folded(_ x: Variable) -> Variable {
    let (batch, width) = (x.shape[0], x.shape[-1])
    let patches = tokens > 0 ? x.sliced(1, tokens..<tokens + count) : x
    let folded = stride == 1 ? patches : patches.exchanged(length, stride)
    let grouped = folded.reshaped(Shape(batch * groups, length, width))
    guard hasTokens else { return grouped }
    let front = x.sliced(1, 0..<tokens).reshaped(Shape(batch, 1, tokens, width))
      .broadcast(to: Shape(batch, groups, tokens, width))
    return front.reshaped(Shape(batch * groups, tokens, width)).concatenated(grouped, 1)
  }

  /// The way back: [B · G, K + n, C] → [B, K + T·N, C], [B · G, n, C] → [B, T·N, C] without
  /// tokens; of the first tokens alone, [B · G, ≤ K, C] → [B, ≤ K, C].
  func unfolded(_ y: Variable) -> Variable {
    let (batch, width) = (y.shape[0] / groups, y.shape[-1])
    let front = hasTokens ? min(tokens, y.shape[1]) : 0
    func mean() -> Variable {
      y.sliced(1, 0..<front).reshaped(Shape(batch, groups, front, width)).mean(1)
    }
    guard y.shape[1] > front else { return mean() }
    let grouped = front > 0 ? y.sliced(1, front..<y.shape[1]) : y
    let patches = stride == 1 ? grouped : grouped.exchanged(stride, length)
    let clips = patches.reshaped(Shape(batch, count, width))
    return front > 0 ? mean().concatenated(clips, 1) : clips
  }
}

extension Variable {
  /// Rows as [..., first, second, C] → [..., second, first, C].
  fileprivate func exchanged(_ first: Int, _ second: Int) -> Variable {
    let width = shape[-1]
    let outer = shape.elementCount / (first * second * width)
    return reshaped(Shape(outer, first, second, width)).permuted(0, 2, 1, 3)
  }
}
