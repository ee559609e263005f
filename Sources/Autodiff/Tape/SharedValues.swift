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
  /// A value, and the parameters that it depends on.
  struct Entry {
    let value: Tensor
    let slots: [Int]
    /// Whether its derivative is taken by each shard.
    let isLarge: Bool
    fileprivate let variable: Variable?
  }

  private let lock = NSLock()
  private let weights: ParameterStore
  private let isRecording: Bool
  private var places: [ObjectIdentifier: Int] = [:]
  private var entries: [Entry] = []

  private let largeCount: Int

  init(_ weights: ParameterStore, isRecording: Bool, largeCount: Int = Tape.largeSharedCount) {
    self.weights = weights
    self.largeCount = largeCount
    self.isRecording = isRecording
  }

  /// The value that belongs to `key`, and its place among the values.
  func entry(of key: Parameter, _ compute: (Tape) -> Variable) -> (place: Int, entry: Entry) {
    lock.withLock {
      if let place = places[ObjectIdentifier(key)] { return (place, entries[place]) }
      places[ObjectIdentifier(key)] = entries.count
      entries.append(computed(compute))
      return (entries.count - 1, entries[entries.count - 1])
    }
  }

  /// The value at a place.
  func value(at place: Int) -> Tensor { lock.withLock { entries[place].value } }

  private func computed(_ compute: (Tape) -> Variable) -> Entry {
    let tape = Tape(weights, mode: isRecording ? .evaluation : .inference)
    let variable = compute(tape)
    let isLarge = isRecording && variable.value.count >= largeCount
    return Entry(
      value: variable.value, slots: tape.usedSlots.sorted(), isLarge: isLarge,
      variable: isLarge ? nil : variable)
  }

  /// Turns the derivatives by the values, `gradients.shared`, into derivatives by parameters.
  func differentiate(into gradients: inout Gradients) {
    lock.withLock {
      let seeds = gradients.shared.sorted { $0.key < $1.key }
      gradients.shared = [:]
      for (place, seed) in seeds {
        guard let variable = entries[place].variable else { continue }
        variable.tape.differentiate(from: [(variable, seed)], into: &gradients)
      }
    }
  }
}
