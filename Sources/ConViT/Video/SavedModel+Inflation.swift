import Autodiff

extension SavedModel {
  /// A model of clips that starts as this model of images: a ViT, DeiT or ConViT.
  ///
  /// What both have, the model of clips takes over. Its further attentions start as the one within
  /// the frames (of GPSA its content: queries, keys and values), with a map of zeros behind them,
  /// and the time embedding is zero, so that with `divided` equal frames give the logits of the
  /// image. For frames of another size the position embedding is resampled, as of images.
  /// Inputs are normalised as they were.
  ///
  /// - Parameters:
  ///   - frames: the frames of a clip.
  ///   - scheme: which patches look at which.
  ///   - imageHeight: the pixels of a frame, if not those of the images.
  ///   - imageWidth: the same across.
  ///   - classNames: what the model is to learn; if they are not those of this model, the head
  ///     starts anew from `seed`.
  ///   - seed: what a new head starts from.
  /// - Returns: the model; its `warnings` say what starts how.
  /// - Throws: `WeightsError` if this is no model of images, or the configuration is not valid.
  public func inflated(
    frames: Int = 8, scheme: TimeSformerConfiguration.Scheme = .divided, imageHeight: Int? = nil,
    imageWidth: Int? = nil, classNames: [String]? = nil, seed: UInt64 = 0
  ) throws -> SavedModel {
    let image = try transformer.configuration
    var c = TimeSformerConfiguration(image, frames: frames, scheme: scheme)
    c.image.imageHeight = imageHeight ?? image.imageHeight
    c.image.imageWidth = imageWidth ?? image.imageWidth
    let isAnew = classNames.map { $0 != self.classNames } ?? false
    c.image.classes = classNames?.count ?? image.classes
    let tree = ParameterTree(try TimeSformer(c))
    var start = ParameterStore(tree, seed: seed)
    let added = start.inflate { name in
      if isAnew, VisionTransformer.heads.contains(name) { return nil }
      guard name == "pos_embed", c.image.grid != image.grid else { return weights[name] }
      return weights[name]?.resampled(
        from: image.grid, to: c.image.grid, behind: image.embeddedTokens)
    }
    var inflated = try SavedModel(
      c, start, classNames: classNames ?? self.classNames, normalization: normalization)
    (inflated.cropRatio, inflated.interpolation) = (cropRatio, interpolation)
    let notes = [
      added,
      c.image.grid == image.grid
        ? nil
        : "position embedding resampled from \(image.grid.rows) × \(image.grid.columns) to "
          + "\(c.image.grid.rows) × \(c.image.grid.columns) patches",
      isAnew ? "the classes are others: the head starts anew" : nil,
      masks == nil ? nil : "its masks are left: what was pruned may grow again",
    ]
    inflated.warnings = notes.compactMap(\.self)
    return inflated
  }
}

extension ParameterStore {
  /// Takes over the weights of a model of images, which `value` gives by their names, and has what
  /// there is beside them start as it; says what that is.
  mutating func inflate(_ value: (String) -> Tensor?) -> String? {
    var added: Set<String> = []
    for (slot, name) in tree.names.enumerated() {
      if let (spatial, part) = spatialName(of: name), let value = content(spatial, value) {
        self[slot: slot] = value
        added.insert(part)
      } else if let value = value(name) {
        self[slot: slot] = value
      }
    }
    return added.isEmpty
      ? nil
      : added.sorted().joined(separator: " and ") + (added.count == 1 ? " starts" : " start")
        + " as the attention within the frames, and adds nothing at first"
  }

  /// `blocks.0.attn.qkv.weight` of `blocks.0.temporal_attn.qkv.weight`, and `temporal_attn`; nil
  /// for what is not of a further attention, or starts as zero.
  private func spatialName(of name: String) -> (name: String, part: String)? {
    for prefix in ["temporal", "width", "global"] {
      for part in ["attn", "norm1"] where name.contains(".\(prefix)_\(part).") {
        return (name.replacing(".\(prefix)_\(part).", with: ".\(part)."), "\(prefix)_attn")
      }
    }
    return nil
  }

  /// A value of the attention within the frames; of GPSA, queries, keys and values joined.
  private func content(_ name: String, _ value: (String) -> Tensor?) -> Tensor? {
    if let own = value(name) { return own }
    let parts = ["qk", "v"].compactMap { value(name.replacing(".qkv.", with: ".\($0).")) }
    return parts.count == 2 ? Tensor.concatenated(parts, 0) : nil
  }
}
