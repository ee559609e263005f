import Foundation

/// What the shards of a step need alike, computed once for all of them: values that depend on
/// parameters and not on samples, such as the positional attention of a layer.
///
/// The first shard that asks for a value computes it, on a tape of the step's own; the derivatives
/// by it are summed like those by a parameter, and go through that tape once, at the end.
///
/// `@unchecked Sendable`: everything is behind the lock.
final class SharedValues: @unchecked Sendable {
  private let lock = NSLock()
  private let tape: Tape
  private var places: [ObjectIdentifier: Int] = [:]
  private var variables: [Variable] = []

  init(_ weights: ParameterStore, isRecording: Bool) {
    tape = Tape(weights, mode: isRecording ? .evaluation : .inference)
  }

  /// The value that belongs to `key`, and its place among the values.
  func value(of key: Parameter, _ compute: (Tape) -> Variable) -> (place: Int, value: Tensor) {
    lock.withLock {
      if let place = places[ObjectIdentifier(key)] { return (place, variables[place].value) }
      variables.append(compute(tape))
      places[ObjectIdentifier(key)] = variables.count - 1
      return (variables.count - 1, variables[variables.count - 1].value)
    }
  }

  /// Turns the derivatives by the values, `gradients.shared`, into derivatives by parameters.
  func differentiate(into gradients: inout Gradients) {
    lock.withLock {
      let seeds = gradients.shared.sorted { $0.key < $1.key }.map { (variables[$0.key], $0.value) }
      gradients.shared = [:]
      tape.differentiate(from: seeds, into: &gradients)
    }
  }
}
