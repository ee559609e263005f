import Foundation

/// Weights that will not change, to predict with again and again: what follows from them alone, as
/// the positional attention of a layer, is computed once.
///
/// ```swift
/// let frozen = FrozenWeights(weights)
/// let logits = model(Tape(frozen).constant(images))
/// ```
public struct FrozenWeights: Sendable {
  package let weights: ParameterStore
  package let pass: Pass
  let shared: SharedValues

  /// The weights as they are now, for passes without derivatives.
  public init(_ weights: ParameterStore, _ pass: Pass = .inference) {
    checkPrecondition(!pass.isRecorded, "FrozenWeights: a pass that is recorded; use Tape(weights)")
    (self.weights, self.pass) = (weights, pass)
    shared = SharedValues(weights, pass)
  }

  private init(_ frozen: FrozenWeights, _ pass: Pass) {
    (weights, shared, self.pass) = (frozen.weights, frozen.shared, pass)
  }

  /// The same, with values changed on the way through a model; what follows from the weights alone
  /// is not computed again.
  public func changing(_ edits: Edits) -> FrozenWeights {
    var pass = pass
    pass.edits = pass.edits.map { $0 + edits } ?? edits
    return FrozenWeights(self, pass)
  }
}

extension Tape {
  /// A tape for inference.
  ///
  /// - Parameters:
  ///   - frozen: the weights, and what the pass is for.
  ///   - pool: threads that work inside of operators, when there is nothing else for them to do;
  ///     a pool must not be given to a tape that is used from a task of its own.
  public convenience init(_ frozen: FrozenWeights, pool: WorkerPool? = nil) {
    self.init(frozen.weights, frozen.pass, shared: frozen.shared, pool: pool)
  }

  /// Calls `body` with parts of 0 ..< `count` that cover it, of at least `grain` each, side by side
  /// on the tape's pool if it has one.
  func split(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
    guard let pool, count >= 2 * grain else { return body(0..<count) }
    let parts = min(pool.threads, count / grain)
    let caller = pthread_self()
    pool.run(parts) { part in
      let range = (part * count / parts)..<((part + 1) * count / parts)
      guard pthread_equal(caller, pthread_self()) == 0 else { return body(range) }
      WorkMeter.measure(.busy) { body(range) }  // the caller's time is measured as a whole
    }
  }
}
