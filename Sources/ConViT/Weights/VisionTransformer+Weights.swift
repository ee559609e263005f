import Autodiff
import Files

extension VisionTransformer {
  /// The weights of a file for this model, and notes on what is not as in the file.
  ///
  /// A position embedding for another grid of patches is resampled as timm's
  /// `resample_abs_pos_embed` does it, the places of class and distillation token kept. GPSA's
  /// positions are functions of distances and need nothing. If the file does not say what its model
  /// is (`stored`), its patches are taken to be a square.
  ///
  /// From `seed` a head starts that the file has for other classes, or not at all (an error without
  /// a seed); with `isPartial` whatever does not fit; with `headsStartAnew` all heads.
  func weights(
    from file: WeightsFile, stored: ViTConfiguration?, seed: UInt64? = nil,
    isPartial: Bool = false, headsStartAnew: Bool = false
  ) throws -> (weights: ParameterStore, notes: [String]) {
    let tree = ParameterTree(self)
    if !isPartial, let shape = file.info(Self.patches)?.shape, shape.count == 4,
      shape[2...] != [configuration.patchSize, configuration.patchSize]
    {
      throw file.error(
        "its patches are \(shape[2]) × \(shape[3]) pixels, not "
          + "\(configuration.patchSize) × \(configuration.patchSize) (patch-size)")
    }
    var notes: [String] = []
    var replaced: [String: () throws -> Tensor] = [:]
    if let old = foreignGrid(in: file, stored) {
      let new = configuration.grid
      replaced["pos_embed"] = { try positionEmbedding(in: file, from: old) }
      notes.append(
        "position embedding resampled from \(old.rows) × \(old.columns) to "
          + "\(new.rows) × \(new.columns) patches")
    }
    if seed != nil, configuration.channels == 1,
      let shape = file.info(Self.patches)?.shape, shape.count == 4, shape[1] == 3
    {
      replaced[Self.patches] = {
        try Tensor(Shape(shape), file.floats(Self.patches)).summedOverChannels()
      }
      notes.append("\(Self.patches) is summed over its three channels for one, as timm does it")
    }
    let loaded = try ParameterStore.started(
      tree, from: file, replaced: replaced, seed: seed, isPartial: isPartial,
      headsStartAnew: headsStartAnew)
    return (loaded.weights, notes + loaded.notes)
  }

  private static let patches = "patch_embed.proj.weight"

  static let heads: Set = ["head.weight", "head.bias", "head_dist.weight", "head_dist.bias"]

  /// The places of the position embedding that are not patches' but tokens'.
  private var prefix: Int { configuration.embeddedTokens }

  /// The grid that a file's position embedding is for, if it is another than the model's.
  private func foreignGrid(in file: WeightsFile, _ stored: ViTConfiguration?) -> PatchGrid? {
    guard posEmbed != nil, let shape = file.info("pos_embed")?.shape, shape.count == 3,
      shape[0] == 1, shape[2] == configuration.embedDim
    else { return nil }
    let count = shape[1] - prefix
    let side = Int(Double(max(count, 0)).squareRoot())
    let isKnown = stored?.grid.count == count
    let old = isKnown ? stored?.grid : PatchGrid(rows: side, columns: side)
    guard let old, old.count == count, count > 0 else { return nil }  // no square: does not fit
    let isSame = isKnown ? old == configuration.grid : count == configuration.grid.count
    return isSame ? nil : old
  }

  /// The position embedding of a file, brought to the model's grid: [1, tokens + N, C].
  private func positionEmbedding(in file: WeightsFile, from old: PatchGrid) throws -> Tensor {
    let shape = Shape(1, prefix + old.count, configuration.embedDim)
    return Tensor(shape, try file.floats("pos_embed"))
      .resampled(from: old, to: configuration.grid, behind: prefix)
  }
}

extension SavedModel {
  /// A start for `model` from the weights in a file: for other classes its heads start anew, and
  /// for images of another size the position embedding is resampled.
  ///
  /// For grey images, the patch embedding of weights for colours is summed over these: a grey pixel
  /// then gives what it gave as a colour, up to the difference of the normalisations.
  ///
  /// - Parameters:
  ///   - model: what is to start.
  ///   - path: the file of weights.
  ///   - seed: what new heads start from.
  ///   - isPartial: whether the weights may be another model's: what fits is used, and the rest
  ///     starts anew.
  ///   - classNames: the classes that the model is to learn; a head for others starts anew though
  ///     it would fit.
  ///   - normalization: how inputs are normalised; a note says so if the file's were otherwise.
  /// - Returns: the weights, and notes on what is not as in the file.
  /// - Throws: `WeightsError` if anything else does not fit, or a number is not finite.
  public static func finetuned(
    _ model: VisionTransformer, from path: String, seed: UInt64, isPartial: Bool = false,
    classNames: [String]? = nil, normalization: ChannelStatistics? = nil
  ) throws -> (weights: ParameterStore, notes: [String]) {
    let file = try WeightsFile(contentsOf: path)
    let metadata = try WeightsMetadata(file)
    var stored = metadata.configuration
    if stored?.channels == 3, model.configuration.channels == 1 { stored?.channels = 1 }
    let areOthers = metadata.classNames.map { $0 != classNames ?? $0 } ?? false
    let difference = stored?.difference(from: model.configuration)
    if let difference, !isPartial { throw file.error(difference) }
    let (weights, notes) = try model.weights(
      from: file, stored: stored, seed: seed, isPartial: isPartial,
      headsStartAnew: areOthers && stored?.classes == model.configuration.classes)
    if let note = weights.nonFiniteNote { throw file.error(note) }
    let otherInputs = normalization?.note(unless: metadata.normalization)
    let all = [difference, file.conversionNote(weights.tree), otherInputs] + notes
    let named = file.nameNotes + metadata.notes
    return (weights, (named + all.compactMap(\.self)).map { "\(path): \($0)" })
  }
}

extension Tensor {
  /// Weights of a convolution for one input channel from those for three: [O, 3, H, W] → [O, 1, H,
  /// W], as timm's `adapt_input_conv` has it.
  fileprivate func summedOverChannels() -> Tensor {
    let area = shape[2] * shape[3]
    return Tensor(unsafeUninitialized: [shape[0], 1, shape[2], shape[3]]) { out in
      withUnsafeBufferPointer { weights in
        for place in 0..<shape[0] * area {
          let first = place / area * 3 * area + place % area
          out[place] = weights[first] + weights[first + area] + weights[first + 2 * area]
        }
      }
    }
  }
}
