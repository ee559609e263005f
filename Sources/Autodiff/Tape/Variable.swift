/// A tensor on a tape: its value, and how it was computed if a derivative may be asked for.
public struct Variable {
  /// The tape it is on.
  public let tape: Tape
  /// The value.
  public let value: Tensor
  /// Its place among the tape's nodes; nil for what has no derivative (constants, inference).
  let node: Int?

  /// The size of each axis.
  public var shape: Shape { value.shape }

  /// The same value, through which no derivative flows.
  public func detached() -> Variable { Variable(tape: tape, value: value, node: nil) }
}
