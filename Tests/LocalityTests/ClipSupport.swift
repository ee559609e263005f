import Autodiff
import ConViT

@testable import Locality

/// A small model of clips of 3 frames of 4 × 3 patches, its weights and clips to look at.
struct SmallClipModel {
  let model: TimeSformer
  let weights: ParameterStore
  let clips: Tensor
  static let (frames, rows, columns, heads) = (3, 4, 3, 2)

  var frozen: FrozenWeights { FrozenWeights(weights) }
  var grid: PatchGrid { model.configuration.image.grid }

  /// With `scheme`, or nil for a ConViT of two local layers in three, and `divided`.
  init(_ scheme: TimeSformerConfiguration.Scheme?, clips count: Int = 2) throws {
    var c = ViTConfiguration(
      scheme == nil ? .convit : .vit, patchSize: 2, embedDim: 8, heads: Self.heads)
    (c.imageHeight, c.imageWidth, c.depth, c.classes) = (
      2 * Self.rows, 2 * Self.columns, scheme == nil ? 3 : 2, 4
    )
    c.localUpToLayer = scheme == nil ? 2 : 0
    model = try TimeSformer(
      TimeSformerConfiguration(c, frames: Self.frames, scheme: scheme ?? .divided))
    // Far from the start, so that heads look somewhere and attention in time counts.
    var weights = ParameterStore(model, seed: 3)
    for slot in 0..<weights.tree.names.count {
      var source = Random(seed: 11).split(slot)
      let shape = weights[slot: slot].shape
      weights[slot: slot] = Tensor(
        shape,
        weights[slot: slot].elements.map { $0 + Float(0.6 * source.normal()) })
    }
    self.weights = weights
    var source = Random(seed: 5)
    let shape = Shape([count] + model.input.sizes)
    clips = Tensor(shape, (0..<shape.elementCount).map { _ in Float(source.normal()) })
  }

  func clip(_ index: Int) -> Tensor { clips.sliced(0, index..<index + 1) }

  /// The maps of a clip at a place, by its name: [G, H, K + n, K + n].
  func map(_ place: String, of clip: Int) -> Tensor? {
    var found: Tensor?
    let tape = Tape(frozen)
    tape.showing(Taps(place)) {
      found = $0.value
    } _: {
      _ = model(tape.constant(self.clip(clip)))
    }
    return found
  }
}

/// Where a patch is in a clip.
struct Place: Hashable {
  let t, r, c: Int

  /// All patches, frame by frame, row by row.
  static let all = (0..<SmallClipModel.frames).flatMap { t in
    (0..<SmallClipModel.rows).flatMap { r in
      (0..<SmallClipModel.columns).map { Place(t: t, r: r, c: $0) }
    }
  }
}

/// The attention of one step to a clip in double precision, place by place: [H][query][key], and
/// what the class token gives, [H][key], the mean of its copies.
struct DenseAttention {
  private(set) var heads: [[Place: [Place: Double]]] = []
  private(set) var token: [[Place: Double]] = []

  /// From the maps of a step, whose groups and members are worked out here from what the fold of
  /// the step is: no code of the library's.
  init(_ reach: String, _ maps: Tensor) {
    let all = Place.all
    func group(_ place: Place) -> [Int] {
      switch reach {
      case "time": [place.r, place.c]
      case "frame": [place.t]
      case "row": [place.t, place.r]
      case "column": [place.t, place.c]
      default: []
      }
    }
    // Groups in the order of their first patches, members in the order of the clip.
    var groups: [[Place]] = []
    for place in all {
      if let index = groups.firstIndex(where: { group($0[0]) == group(place) }) {
        groups[index].append(place)
      } else {
        groups.append([place])
      }
    }
    let (count, length) = (maps.shape[1], maps.shape[3])
    let tokens = length - groups[0].count
    let values = maps.elements.map(Double.init)
    func value(_ g: Int, _ head: Int, _ i: Int, _ j: Int) -> Double {
      values[((g * count + head) * length + i) * length + j]
    }
    for head in 0..<count {
      var (rows, given) = ([Place: [Place: Double]](), [Place: Double]())
      for (g, members) in groups.enumerated() {
        for (i, query) in members.enumerated() {
          for (j, key) in members.enumerated() {
            rows[query, default: [:]][key] = value(g, head, tokens + i, tokens + j)
          }
        }
        for (j, key) in members.enumerated() where tokens > 0 {
          given[key] = value(g, head, 0, tokens + j) / Double(groups.count)
        }
      }
      heads.append(rows)
      token.append(given)
    }
  }

  /// The mean over the heads.
  func mean(_ query: Place, _ key: Place) -> Double {
    heads.reduce(0) { $0 + ($1[query]?[key] ?? 0) } / Double(heads.count)
  }
}
