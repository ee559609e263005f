import Foundation

/// What the shards of a step need alike, computed once for all of them: values that depend on
/// parameters and not on samples, such as the positional attention of a layer.
///
/// The first shard that asks for a value computes it, on a tape of its own; the derivatives by it
/// are summed like those by a parameter, and go through that tape once, at the end. Of a large
/// value only itself is kept: each shard computes it once more for the derivative, as a sum of
/// derivatives in every lane would take too much memory.
///
/// `@unchecked Sendable`: everything is behind the lock.
final class SharedValues: @unchecked Sendable {
  struct Entry {
    let value: Tensor
    let slots: [Int]  // the slots of its parameters, if its derivative is taken by each shard
    fileprivate let variable: Variable?  // where it is on its tape, if it is not
    var isLarge: Bool { variable == nil }
  }

  let tree: ParameterTree
  let packed: PackedWeights?  // the weights laid out for products, where they will not change
  private let lock = NSLock()
  private var weights: ParameterStore
  private var pass: Pass
  private let largeCount: Int  // 1 << 22: the maps of 4 heads over 32 × 32 patches
  private var entries: [Entry?]  // by the slots of their keys
  private var tapes: [Tape?]

  init(_ weights: ParameterStore, _ pass: Pass, largeCount: Int = 1 << 22) {
    self.weights = weights
    self.pass = pass.ofParametersAlone
    self.largeCount = largeCount
    tree = weights.tree
    packed = pass.isRecorded ? nil : PackedWeights(weights, pass.precision)
    entries = Array(repeating: nil, count: tree.count)
    tapes = Array(repeating: nil, count: tree.count)
  }

  /// Begins anew with other weights, in the memory of the last.
  func begin(_ weights: ParameterStore, _ pass: Pass) {
    lock.withLock { (self.weights, self.pass) = (weights, pass.ofParametersAlone) }
  }

  /// Frees the values, and keeps the tapes.
  func end() {
    lock.withLock {
      weights = .none
      for slot in entries.indices where entries[slot] != nil {
        entries[slot] = nil
        tapes[slot]?.end()
      }
    }
  }

  func entry(_ slot: Int, _ compute: (Tape) -> Variable) -> Entry {
    lock.withLock {
      if let entry = entries[slot] { return entry }
      let entry = computed(slot, compute)
      entries[slot] = entry
      return entry
    }
  }

  func value(at slot: Int) -> Tensor {
    lock.withLock {
      guard let entry = entries[slot] else { fatalError("Tape: no shared value") }
      return entry.value
    }
  }

  private func computed(_ slot: Int, _ compute: (Tape) -> Variable) -> Entry {
    let tape = tapes[slot] ?? Tape(weights, pass)
    tapes[slot] = tape
    tape.begin(weights, pass, shared: nil)
    let variable = compute(tape)
    let isLarge = pass.isRecorded && variable.value.count >= largeCount
    guard isLarge else { return Entry(value: variable.value, slots: [], variable: variable) }
    defer { tape.end() }
    return Entry(value: variable.value, slots: tape.parameters.used, variable: nil)
  }

  /// Turns the derivatives by the values, `gradients.shared`, into derivatives by parameters.
  func differentiate(into gradients: inout Gradients) {
    lock.withLock {
      for slot in entries.indices {
        guard let variable = entries[slot]?.variable, let seed = gradients.shared[slot] else {
          continue
        }
        gradients.shared[slot] = nil
        variable.tape.differentiate(variable, by: seed, into: &gradients)
      }
    }
  }
}

extension Pass {
  var ofParametersAlone: Pass {
    Pass(isRecorded: isRecorded, precision: precision, frozen: frozen)
  }
}

extension Tape {
  /// A value that depends on parameters alone: computed once for all shards of a step, or here
  /// where there is none.
  ///
  /// - Parameters:
  ///   - key: the parameter that the value is known by; it can have one such value.
  ///   - file: where it is called.
  ///   - line: where in it.
  ///   - compute: the value, on the tape that it is given and from nothing but its parameters.
  /// - Precondition: no other line of the source shares a value by that parameter.
  public func shared(
    _ key: Parameter, file: StaticString = #fileID, line: UInt = #line,
    _ compute: @escaping (Tape) -> Variable
  ) -> Variable {
    shared(key, from: compute, file: file, line: line) { $0($1) }
  }

  /// A value that depends on parameters alone, computed from `source`: as `compute` then has
  /// nothing to capture, nothing is allocated for it.
  package func shared<Source>(
    _ key: Parameter, from source: Source, file: StaticString = #fileID, line: UInt = #line,
    _ compute: @escaping (Source, Tape) -> Variable
  ) -> Variable {
    let (slot, site) = (weights.tree.slot(of: key), CallSite(file: file, line: line))
    sharedLeaves.checkSite(site, of: slot, in: weights.tree)
    guard let sharedValues else { return compute(source, self) }
    let entry = sharedValues.entry(slot) { compute(source, $0) }
    guard entry.isLarge else { return sharedVariable(slot) }
    return recorded(entry.value, of: [], slots: entry.slots, places: []) { [weights, pass] _ in
      (compute(source, Tape(weights, pass.ofParametersAlone)), [])
    }
  }

  func sharedVariable(_ slot: Int) -> Variable {
    guard let sharedValues else { fatalError("Tape: it has no shared values") }
    let value = sharedValues.value(at: slot)
    return Variable(
      tape: self, value: value,
      node: sharedLeaves.use(slot) { leaf(value.shape, "shared \(weights.tree.names[slot])") })
  }
}
