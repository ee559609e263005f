import ConViT

/// One attention of a block of a `TimeSformer`, and the groups of patches that it deals the clip
/// to: a patch looks at those of its own group.
///
/// Patches count frame by frame, in a frame row by row.
package struct ClipStep: Hashable, Sendable {
  /// What a patch looks at.
  package enum Reach: String, Hashable, Sendable, Codable {
    /// Its own place in all frames.
    case time
    /// Its frame, its row, its column.
    case frame, row, column
    /// All patches of the clip; of `local-global` those of a window, and every other one.
    case clip, window, sparse
  }

  package let reach: Reach
  /// Frames of a group.
  let frames: Int
  /// The patches of a group in one frame.
  let patches: PatchGrid
  /// How many groups a clip has.
  package let groups: Int
  private let stride: Int
  private let whole: PatchGrid

  /// The patches of a group.
  package var length: Int { frames * patches.count }

  /// Whether a patch looks at all of its group: in a window, and at every other patch, it does not.
  private var looksAtAll: Bool { reach != .window && reach != .sparse }
  /// What each patch gets of attention that looks alike at all that it can look at.
  var uniform: Double? { looksAtAll ? 1 / Double(length) : nil }
  /// The mean |t − t′| of such attention: (T² − 1) / 3T.
  var uniformFrameDistance: Double? {
    looksAtAll && frames > 1 ? Double(frames * frames - 1) / Double(3 * frames) : nil
  }
  /// Its distance in a frame, in patches.
  var uniformNonlocality: Double? {
    looksAtAll && patches.count > 1 ? patches.uniformNonlocality : nil
  }

  init(_ reach: Reach, frames count: Int, grid: PatchGrid) {
    (self.reach, whole) = (reach, grid)
    switch reach {
    case .time: (frames, patches, stride) = (count, PatchGrid(rows: 1, columns: 1), grid.count)
    case .frame: (frames, patches, stride) = (1, grid, 1)
    case .row: (frames, patches, stride) = (1, PatchGrid(rows: 1, columns: grid.columns), 1)
    case .column:
      (frames, patches) = (1, PatchGrid(rows: grid.rows, columns: 1))
      stride = grid.columns
    case .clip, .window, .sparse: (frames, patches, stride) = (count, grid, 1)
    }
    groups = count * grid.count / (frames * patches.count)
  }

  /// Where in the clip a patch of a group is.
  func patch(_ member: Int, ofGroup group: Int) -> Int {
    let first =
      switch reach {
      case .time: group
      case .column: group / whole.columns * whole.count + group % whole.columns
      case .frame, .row, .clip, .window, .sparse: group * length
      }
    return first + member * stride
  }

  /// The group of a patch of the clip, and its number there.
  func member(_ patch: Int) -> (group: Int, member: Int) {
    switch reach {
    case .time: return (patch % whole.count, patch / whole.count)
    case .column:
      let (frame, place) = patch.quotientAndRemainder(dividingBy: whole.count)
      return (frame * whole.columns + place % whole.columns, place / whole.columns)
    case .frame, .row, .clip, .window, .sparse:
      let (group, member) = patch.quotientAndRemainder(dividingBy: length)
      return (group, member)
    }
  }

  /// The place of its map within a block: "attn.map".
  var map: String {
    switch reach {
    case .time: "temporal_attn.map"
    case .row: "width_attn.map"
    case .sparse: "global_attn.map"
    case .frame, .column, .clip, .window: "attn.map"
    }
  }

  /// The attention itself.
  func attention(of block: SpaceTimeBlock) -> (any Attention)? {
    switch reach {
    case .time: block.temporalAttn
    case .row: block.widthAttn
    case .sparse: block.globalAttn
    case .frame, .column, .clip, .window: block.attn
    }
  }
}

extension TimeSformerConfiguration {
  /// The attentions of each block, in the order in which they are applied.
  package var steps: [ClipStep] {
    let reaches: [ClipStep.Reach] =
      switch scheme {
      case .space: [.frame]
      case .joint: [.clip]
      case .divided: [.time, .frame]
      case .localGlobal: [.window, .sparse]
      case .axial: [.time, .row, .column]
      }
    return reaches.map { ClipStep($0, frames: frames, grid: image.grid) }
  }
}
