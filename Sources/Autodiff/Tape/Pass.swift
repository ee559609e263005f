/// What a forward pass is for, as one value: whether it is recorded, its randomness and precision,
/// what is frozen, and what to look at.
///
/// ```swift
/// let loss = model(Tape(weights, Pass(frozen: !.named("head.*"))).constant(images))
/// let logits = model(Tape(weights, .inference).constant(images))
/// ```
public struct Pass: Sendable {
  /// Whether the pass can be differentiated; if not, memory is free again as soon as it was used.
  public var isRecorded: Bool
  /// For dropout and stochastic depth, a source of random numbers for each sample of the batch
  /// (from seed, epoch and sample, so that nothing depends on how a batch is cut into shards).
  /// Nil or empty: nothing is dropped, but in steps of a training nil is taken for a mistake.
  public var randomness: ArraySlice<Random>?
  /// The precision of matrix products, and of those of the derivatives.
  public var precision: Precision
  /// Parameters that are constants: no derivative by them is computed, and so no optimiser moves or
  /// decays them.
  public var frozen: ParameterSelection
  /// Whether a model computes the inside of each block once more for its derivative, so that only
  /// its input is kept: less memory, and a third more time.
  public var recomputesBlocks: Bool
  /// Which values on the way are to be seen; see ``Taps``.
  public var taps: Taps?
  /// What is changed on the way; see ``Edits``.
  public var edits: Edits?

  /// A pass that is recorded, without dropout, in single precision, unless something else is said.
  public init(
    isRecorded: Bool = true, randomness: [Random]? = nil, precision: Precision = .float32,
    frozen: ParameterSelection = .none, recomputesBlocks: Bool = false, taps: Taps? = nil,
    edits: Edits? = nil
  ) {
    (self.isRecorded, self.randomness) = (isRecorded, randomness.map { $0[...] })
    (self.precision, self.frozen) = (precision, frozen)
    (self.recomputesBlocks, self.taps, self.edits) = (recomputesBlocks, taps, edits)
  }

  /// Values only: nothing is recorded.
  public static let inference = Pass(isRecorded: false)

  package static func inference(_ precision: Precision) -> Pass {
    Pass(isRecorded: false, precision: precision)
  }

  func part(_ samples: Range<Int>) -> Pass {
    guard let randomness, !randomness.isEmpty else { return self }
    checkPrecondition(
      samples.upperBound <= randomness.count,
      "Pass.randomness: \(randomness.count) sources for samples up to \(samples.upperBound)")
    var part = self
    let first = randomness.startIndex
    part.randomness = randomness[first + samples.lowerBound..<first + samples.upperBound]
    return part
  }
}
