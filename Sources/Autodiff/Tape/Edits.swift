/// Changes of values inside of a model, in one pass: an intervention. Places and patterns are those
/// of ``Taps``.
///
/// ```swift
/// let edits = Edits(at: "blocks.3.attn.added") { 0 * $0 }  // block 3 without its attention
/// let logits = model(Tape(weights, Pass(isRecorded: false, edits: edits)).constant(images))
/// ```
///
/// A change is an operator like any other: derivatives go through it. Weights and other passes do
/// not know of it.
///
/// PyTorch equivalent: a forward hook that returns a value.
public struct Edits: Sendable {
  private struct Edit: Sendable {
    let patterns: [String]
    let change: @Sendable (Variable) -> Variable
  }

  private var edits: [Edit]

  /// A change of the values at the places that match one of the patterns, to ones of the same
  /// shape.
  public init(
    at patterns: String..., change: @escaping @Sendable (_ value: Variable) -> Variable
  ) {
    edits = [Edit(patterns: patterns, change: change)]
  }

  /// Both changes; where they are at one place, the first comes first.
  public static func + (first: Edits, second: Edits) -> Edits {
    var both = first
    both.edits += second.edits
    return both
  }

  /// Activation patching: the value of another pass in the place of this one's, or those rows of it
  /// alone (the axis before the last, such as the tokens).
  public static func patch(
    _ place: String, with value: Tensor, rows: Range<Int>? = nil
  ) -> Edits {
    Edits(at: place) { own in
      checkPrecondition(
        own.shape == value.shape, "Edits: '\(place)' is \(own.shape), found \(value.shape)")
      let other = own.tape.constant(value)
      guard let rows else { return other }
      checkPrecondition(
        own.shape.rank > 1 && rows.lowerBound >= 0 && rows.upperBound <= own.shape[-2],
        "Edits.patch: rows \(rows) of '\(place)', which is \(own.shape)")
      let parts: [(Range<Int>, Variable)] = [
        (0..<rows.lowerBound, own), (rows, other), (rows.upperBound..<own.shape[-2], own),
      ]
      return .concatenated(parts.filter { !$0.0.isEmpty }.map { $1.sliced(-2, $0) }, -2)
    }
  }

  var patterns: [String] { edits.flatMap(\.patterns) }

  func contains(_ place: String) -> Bool { edits.contains { matches(place, $0.patterns) } }

  func applied(to value: Variable, at place: String) -> Variable {
    edits.reduce(value) { value, edit in
      guard matches(place, edit.patterns) else { return value }
      let changed = edit.change(value)
      checkPrecondition(
        changed.shape == value.shape,
        "Edits: '\(place)' is \(value.shape), and was changed to \(changed.shape)")
      return changed
    }
  }
}
