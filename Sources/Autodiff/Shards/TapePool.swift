/// Tapes of passes that are over, and the shared values of the last step: the next step of the same
/// model works in their memory, and allocates nothing for shards or layers.
final class TapePool: Sendable {
  /// `@unchecked`: nobody else holds a tape that is unused.
  private struct UnusedTape: @unchecked Sendable { let tape: Tape }
  private let tapes = Mutex<[UnusedTape]>([])
  private let shared = Mutex<SharedValues?>(nil)

  /// Calls `body` with an empty tape, which serves again unless something still holds it.
  func withTape<Result>(
    _ weights: ParameterStore, _ pass: Pass, shared: SharedValues, pool: WorkerPool? = nil,
    _ body: (Tape) throws -> Result
  ) rethrows -> Result {
    var tape = takeTape() ?? Tape()
    tape.begin(weights, pass, shared: shared, pool: pool)
    defer {
      if isKnownUniquelyReferenced(&tape) {
        tape.end()
        give(tape)
      }
    }
    return try body(tape)
  }

  func withSharedValues<Result>(
    _ weights: ParameterStore, _ pass: Pass, _ body: (SharedValues) throws -> Result
  ) rethrows -> Result {
    let shared = takeShared(of: weights.tree) ?? SharedValues(weights, pass)
    shared.begin(weights, pass)
    defer {
      shared.end()
      give(shared)
    }
    return try body(shared)
  }

  /// Operators for which its tapes had no object left from a pass before.
  var operatorsMade: Int { tapes.withLock { $0.reduce(0) { $0 + $1.tape.operatorsMade } } }

  private func takeTape() -> Tape? { tapes.withLock { $0.popLast() }?.tape }

  private func give(_ tape: Tape) {
    let unused = UnusedTape(tape: tape)
    tapes.withLock { $0.append(unused) }
  }

  private func takeShared(of tree: ParameterTree) -> SharedValues? {
    shared.withLock { shared in
      defer { shared = nil }
      return shared?.tree === tree ? shared : nil
    }
  }

  private func give(_ values: SharedValues) { shared.withLock { $0 = values } }
}
