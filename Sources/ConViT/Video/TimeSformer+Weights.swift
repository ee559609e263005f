import Autodiff

extension TimeSformer {
  /// The weights of a file for this model, and notes on what is not as in the file.
  ///
  /// Embeddings of another number of frames, or for another grid of patches, are resized to the
  /// nearest place, as the authors' loader does it; the grid here in two dimensions, which that
  /// loader takes for one. If the file does not say what its model is (`stored`), its patches are
  /// taken to be a square.
  ///
  /// What starts anew from `seed` is as for a model of images.
  func weights(
    from file: WeightsFile, stored: TimeSformerConfiguration?, seed: UInt64? = nil,
    isPartial: Bool = false, headsStartAnew: Bool = false
  ) throws -> (weights: ParameterStore, notes: [String]) {
    let tree = ParameterTree(self)
    var notes: [String] = []
    var replaced: [String: () throws -> Tensor] = [:]
    if let length = file.info("time_embed")?.shape, length.count == 3, length[1] > 0,
      length[1] != configuration.frames, timeEmbed != nil
    {
      replaced["time_embed"] = {
        let old = Tensor(Shape(length), try file.floats("time_embed"))
        return old.gathered(nearestPlaces(from: length[1], to: self.configuration.frames))
      }
      notes.append(
        "time embedding resized from \(length[1]) to \(configuration.frames) frames")
    }
    let (front, new) = (configuration.image.embeddedTokens, configuration.image.grid)
    if posEmbed != nil, let shape = file.info("pos_embed")?.shape, shape.count == 3,
      let old = PatchGrid(of: shape[1] - front, stored: stored?.image.grid), old != new
    {
      replaced["pos_embed"] = {
        Tensor(Shape(shape), try file.floats("pos_embed"))
          .resizedToNearest(from: old, to: new, behind: front)
      }
      notes.append(
        "position embedding resized from \(old.rows) × \(old.columns) to "
          + "\(new.rows) × \(new.columns) patches, each the nearest")
    }
    let loaded = try ParameterStore.started(
      tree, from: file, replaced: replaced, seed: seed, isPartial: isPartial,
      headsStartAnew: headsStartAnew)
    return (loaded.weights, notes + loaded.notes)
  }
}

extension PatchGrid {
  /// The grid of so many places: the one that is said, if it has as many, or else a square.
  fileprivate init?(of count: Int, stored: PatchGrid?) {
    let side = Int(Double(max(count, 0)).squareRoot())
    let grid = stored?.count == count ? stored : PatchGrid(rows: side, columns: side)
    guard let grid, count > 0, grid.count == count else { return nil }
    self = grid
  }
}

extension Tensor {
  /// A position embedding [1, tokens + N, C] for another grid, the tokens kept.
  func resizedToNearest(from old: PatchGrid, to new: PatchGrid, behind tokens: Int) -> Tensor {
    let columns = nearestPlaces(from: old.columns, to: new.columns)
    let places = nearestPlaces(from: old.rows, to: new.rows).flatMap { row in
      columns.map { tokens + row * old.columns + $0 }
    }
    return gathered(Array(0..<tokens) + places)
  }

  /// Places of the middle axis: [1, n, C] → [1, places, C].
  fileprivate func gathered(_ places: [Int]) -> Tensor {
    .concatenated(places.map { sliced(1, $0..<$0 + 1) }, 1)
  }
}

/// The place that each new one is nearest to, as PyTorch's `interpolate(mode="nearest")` has it.
private func nearestPlaces(from old: Int, to new: Int) -> [Int] { (0..<new).map { $0 * old / new } }

extension WeightsFile {
  /// The model of clips that the file says it is of, or that its shapes are those of; nil if it is
  /// of another.
  package var clipsConfiguration: TimeSformerConfiguration? {
    get throws {
      let said = try WeightsMetadata(self).architecture
      return try said == nil
        ? clipsConfiguration(SavedModel.Description()) : said as? TimeSformerConfiguration
    }
  }

  /// Of a model of clips, the frames from one that it sees to the next, if the file says it.
  package var frameStride: Int? { get throws { try WeightsMetadata(self).frameStride } }

  /// The model of clips that the names and shapes are those of, as files of the authors do not say
  /// which they are of; nil where nothing tells, or tells of one.
  func clipsConfiguration(_ description: SavedModel.Description) throws -> TimeSformerConfiguration?
  {
    let preset = try description.name.flatMap { name in
      TimeSformerConfiguration.presetNames.contains(name) || name.hasPrefix("timesformer")
        ? try TimeSformerConfiguration.preset(of: name) : nil
    }
    let length = info("time_embed")?.shape
    guard length != nil || preset != nil else { return nil }
    let faults = preset.map { differences(from: $0.image) } ?? []
    guard faults.isEmpty else {
      throw error(
        "it is not of \(description.name ?? ""): it has \(faults.joined(separator: ", "))")
    }
    let heads = description.heads ?? preset?.image.heads
    guard var image = shapedConfiguration(heads: heads) else {
      throw error(
        splitNote ?? "it is of a model of clips, and does not say of which; name it, or the number "
          + "of its heads")
    }
    // Files of ViTs that are known by their names have other rates than a model of clips.
    image.dropPathRate = preset?.image.dropPathRate ?? 0.1
    let scheme: TimeSformerConfiguration.Scheme =
      if length == nil {
        .space
      } else if info("blocks.0.width_attn.qkv.weight") != nil {
        .axial
      } else if info("blocks.0.temporal_attn.qkv.weight") != nil {
        .divided
      } else {
        info("blocks.0.global_attn.qkv.weight") == nil ? .joint : .localGlobal
      }
    let frames = length.flatMap { $0.count == 3 ? $0[1] : nil } ?? preset?.frames ?? 8
    return TimeSformerConfiguration(image, frames: frames, scheme: scheme)
  }
}

extension TimeSformerConfiguration {
  /// "vit_base_patch16_224, patches of 16 pixels, 8 frames, divided attention": for people.
  package var text: String { "\(image.shapeText), \(frames) frames, \(scheme.rawValue) attention" }

  /// With the sizes that a description asks for.
  ///
  /// - Throws: `ConfigurationError` if it asks for another model.
  func sized(_ description: SavedModel.Description) throws(ConfigurationError) -> Self {
    var sized = self
    sized.image = description.sized(image)
    sized.frames = description.frames ?? frames
    let asked = description.applied(to: image)
    if let difference = image.difference(from: asked) {
      throw ConfigurationError(message: difference)
    }
    try sized.validate()
    return sized
  }
}
