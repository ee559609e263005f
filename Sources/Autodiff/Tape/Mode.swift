/// What a forward pass is for.
public enum Mode: Sendable {
  /// Values only: nothing is recorded, memory is free again as soon as it was used.
  case inference
  /// Recorded for differentiation, without dropout or stochastic depth.
  case evaluation
  /// Recorded, with dropout: each sample of the batch has a source of random numbers of its own
  /// (from seed, epoch and sample), so that nothing depends on how a batch is cut into shards.
  case training(ArraySlice<Random>)

  /// Training with the sources of a whole array.
  public static func training(_ sources: [Random]) -> Mode { .training(sources[...]) }

  /// Whether a pass of this mode is recorded for differentiation.
  var isRecorded: Bool { if case .inference = self { false } else { true } }
}
