import Autodiff

extension SavedModel {
  /// A start for a model of clips from the weights in a file: of clips, or of images, which are
  /// inflated as by ``inflated(frames:scheme:imageHeight:imageWidth:classNames:seed:)``, with the
  /// position embedding resampled as for images.
  ///
  /// For other classes its heads start anew, and for clips of other frames the time embedding is
  /// resized. Of an inflated model a note says by how much the logits of a static clip, of one
  /// frame alone, differ from those of the frame: with divided attention and with space by no more
  /// than rounding.
  ///
  /// - Parameters: as for a model of images.
  /// - Returns: the weights, and notes on what is not as in the file.
  /// - Throws: `WeightsError` if anything else does not fit, or a number is not finite.
  public static func finetuned(
    _ model: TimeSformer, from path: String, seed: UInt64, isPartial: Bool = false,
    classNames: [String]? = nil, normalization: ChannelStatistics? = nil
  ) throws -> (weights: ParameterStore, notes: [String]) {
    let file = try WeightsFile(contentsOf: path)
    let metadata = try WeightsMetadata(file)
    let stored = metadata.architecture as? TimeSformerConfiguration
    guard stored != nil || file.info("time_embed") != nil else {
      return try inflated(model, from: path, seed: seed, isPartial, classNames, normalization)
    }
    let difference = stored?.difference(from: model.configuration)
    if let difference, !isPartial { throw file.error(difference) }
    let areOthers = metadata.classNames.map { $0 != classNames ?? $0 } ?? false
    let (weights, notes) = try model.weights(
      from: file, stored: stored, seed: seed, isPartial: isPartial,
      headsStartAnew: areOthers && stored?.image.classes == model.image.classes)
    if let note = weights.nonFiniteNote { throw file.error(note) }
    let theirs = stored == nil ? .clips : metadata.normalization
    let all = [
      difference, file.conversionNote(weights.tree), normalization?.note(unless: theirs),
    ]
    let named = file.nameNotes + metadata.notes
    return (weights, (named + all.compactMap(\.self) + notes).map { "\(path): \($0)" })
  }

  private static func inflated(
    _ model: TimeSformer, from path: String, seed: UInt64, _ isPartial: Bool,
    _ classNames: [String]?, _ normalization: ChannelStatistics?
  ) throws -> (weights: ParameterStore, notes: [String]) {
    let image = try VisionTransformer(model.image)
    let start = try finetuned(
      image, from: path, seed: seed, isPartial: isPartial, classNames: classNames,
      normalization: normalization)
    var weights = ParameterStore(model, seed: seed)
    let added = weights.inflate { start.weights[$0] }
    let difference = model.staticDifference(weights, from: image, start.weights)
    let notes = [
      "it is of images, and is inflated to \(model.configuration.frames) frames with "
        + "\(model.configuration.scheme.rawValue) attention",
      added, "static clip: logits differ by \(difference) from those of its frame",
    ]
    return (weights, start.notes + notes.compactMap(\.self).map { "\(path): \($0)" })
  }
}

extension TimeSformer {
  /// By how much at most the logits of a clip of equal frames differ from those of one of them, by
  /// a model of images.
  fileprivate func staticDifference(
    _ weights: ParameterStore, from image: VisionTransformer, _ imageWeights: ParameterStore
  ) -> Float {
    var random = Random(seed: 0)
    let frame = Tensor(
      Shape([1] + image.input.sizes),
      (0..<image.input.elementCount).map { _ in Float(4 * random.uniform() - 2) })
    let clip = Tensor.concatenated(Array(repeating: frame, count: configuration.frames), 0)
      .reshaped(Shape([1] + input.sizes))
    let still = image(Tape(imageWeights, .inference).constant(frame)).value.elements
    let moving = self(Tape(weights, .inference).constant(clip)).value.elements
    return zip(still, moving).map { abs($0 - $1) }.max() ?? 0
  }
}

extension TimeSformerConfiguration {
  /// What is not as in `other` of all that weights depend on beside frames, their size and the
  /// head; nil if nothing is.
  package func difference(from other: TimeSformerConfiguration) -> String? {
    image.difference(from: other.image)
      ?? (scheme == other.scheme
        ? nil
        : "the file's model has \(scheme.rawValue) attention, not \(other.scheme.rawValue) as "
          + "asked")
  }
}

extension ChannelStatistics {
  /// What to say of weights whose inputs were normalised otherwise, as far as that can be said.
  func note(unless theirs: ChannelStatistics?) -> String? {
    guard let theirs, theirs != self, theirs.mean.count == mean.count else { return nil }
    return "its inputs were normalised by \(theirs), not by \(self) (--mean, --std)"
  }
}
