/// Which values inside of a model a pass shows, by the names of their places: with patterns as of
/// ``ParameterSelection``.
///
/// ```swift
/// let tape = Tape(weights, Pass(taps: Taps("blocks.*.attn.map", withDerivatives: true)))
/// let gradients = tape.gradients(of: model(tape.constant(images)).crossEntropy(labels: y).mean())
/// for map in tape.tapped { print(map.place, map.value.shape, map.derivative!.shape) }
/// ```
///
/// A place is called as the module that it belongs to: `blocks.3.input`, `blocks.3.attn.map`,
/// `blocks.3.attn.heads` (what the heads see, side by side, in front of the projection),
/// `blocks.3.attn.added` and `blocks.3.mlp.added` (what is added to the stream, in front of layer
/// scale and stochastic depth), `blocks.3.mlp.fc1.output`, `blocks.3.output`. A layer of one's own
/// offers a value with ``Variable/tapped(as:of:above:)``. Nothing is computed or kept for places
/// that no pattern names. ``Edits`` change values at the same places; what is shown is what they
/// made.
public struct Taps: Sendable {
  private let patterns: [String]
  let written: [String]  // of them those that a program names, and that are to match something
  let withDerivatives: Bool

  /// Taps at the places that match one of the patterns; `withDerivatives` keeps the derivatives by
  /// the values, too, when the tape is differentiated.
  public init(_ patterns: String..., withDerivatives: Bool = false) {
    (self.patterns, written, self.withDerivatives) = (patterns, patterns, withDerivatives)
  }

  /// The same, of patterns that need not match anything.
  package init(_ patterns: [String], withDerivatives: Bool = false) {
    (self.patterns, written, self.withDerivatives) = (patterns, [], withDerivatives)
  }

  package func contains(_ place: String) -> Bool { matches(place, patterns) }
}

/// A value inside of a model, as it was in a pass.
public struct TappedValue: Sendable {
  /// Where: `blocks.3.attn.map`.
  public let place: String
  /// The value.
  public let value: Tensor
  /// The derivative of the loss by the value, once the tape was differentiated, if it was asked
  /// for.
  public internal(set) var derivative: Tensor?
}

/// What was seen in a pass; shared with the tapes on which parts of it are computed again.
final class TapRecord {
  let taps: Taps
  private(set) var values: [TappedValue] = []
  private let look: ((TappedValue) -> Void)?  // is shown each value in the place of keeping it

  init(_ taps: Taps, look: ((TappedValue) -> Void)? = nil) { (self.taps, self.look) = (taps, look) }

  func add(_ value: TappedValue) -> Int {
    if let look { look(value) } else { values.append(value) }
    return values.count - 1
  }

  func setDerivative(_ derivative: Tensor, of entry: Int) { values[entry].derivative = derivative }
}

struct TapState {
  var record: TapRecord?  // what was seen; nil if nobody looks
  /// Where a pass that is computed once more has come to among the values that it gave first.
  var replayed: Int?
  /// The values whose derivatives are to be kept: their numbers in the record, and their nodes.
  var asked: [(entry: Int, node: Int)] = []
}

extension Tape {
  /// The values at the places that the pass's taps name, in the order in which they came.
  public var tapped: [TappedValue] { tapState.record?.values ?? [] }

  /// The value at a place, if there is one.
  public func tapped(_ place: String) -> TappedValue? { tapped.first { $0.place == place } }

  /// Calls `body`, and `look` with each value at one of the places as it comes; it is not kept.
  package func showing<Result>(
    _ taps: Taps, to look: (TappedValue) -> Void, _ body: () throws -> Result
  ) rethrows -> Result {
    try withoutActuallyEscaping(look) { look in
      let before = tapState
      tapState = TapState(record: TapRecord(taps, look: look))
      defer { tapState = before }
      return try body()
    }
  }

  /// What `body` computes beside the pass: nobody is shown what is on the way.
  package func unseen<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = tapState
    tapState = TapState()
    defer { tapState = before }
    return try body()
  }

  /// Whether anyone looks at a value of a module, named as in `Variable.tapped`, or changes it.
  package func isTapped(_ name: String, of parameter: Parameter, above levels: Int = 1) -> Bool {
    guard tapState.record != nil || pass.edits != nil else { return false }
    let place = place(name, of: parameter, above: levels)
    return tapState.record?.taps.contains(place) == true || pass.edits?.contains(place) == true
  }

  /// Whether a value of a module must be the one that the model continues with, and not one that is
  /// computed beside it: someone changes it, or wants the derivative by it in a pass that is
  /// recorded.
  package func isUsed(_ name: String, of parameter: Parameter, above levels: Int = 1) -> Bool {
    let isDerivativeAsked = isRecording && tapState.record?.taps.withDerivatives == true
    guard isDerivativeAsked || pass.edits != nil else { return false }
    let place = place(name, of: parameter, above: levels)
    return isDerivativeAsked && tapState.record?.taps.contains(place) == true
      || pass.edits?.contains(place) == true
  }

  /// Stops the program for a pattern of a module that is not there, which would do nothing. What
  /// the last two names of a place are is the module's own affair.
  func checkPlaces(_ patterns: [String], of user: String) {
    let names = weights.tree.names
    for pattern in patterns {
      let parts = pattern.split(separator: ".")
      let module = parts.dropLast(parts.count > 2 ? 2 : 1).joined(separator: ".")
      guard !names.isEmpty, !module.isEmpty else { continue }
      checkPrecondition(
        names.contains { matches($0, ["\(module).*"]) },
        "\(user): no place is called '\(pattern)': the model has no module '\(module)'; its "
          + "parameters are as '\(names[names.count / 2])'")
    }
  }

  private func place(_ name: String, of parameter: Parameter, above levels: Int) -> String {
    let parts = weights.tree.names[weights.tree.slot(of: parameter)].split(separator: ".")
    return (parts.dropLast(levels) + [name[...]]).joined(separator: ".")
  }

  fileprivate func offer(
    _ given: Variable, _ name: String, of parameter: Parameter, above levels: Int
  ) -> Variable {
    guard tapState.record != nil || pass.edits != nil else { return given }
    let place = place(name, of: parameter, above: levels)
    var value = pass.edits?.applied(to: given, at: place) ?? given
    guard let record = tapState.record, record.taps.contains(place) else { return value }
    let entry: Int
    if let replayed = tapState.replayed {
      entry = replayed
      tapState.replayed = replayed + 1
    } else {
      entry = record.add(TappedValue(place: place, value: value.value))
    }
    guard record.taps.withDerivatives, isRecording else { return value }
    // A value of constants alone begins here, for the derivative by it.
    if value.node == nil { value = variable(value.value) }
    if let node = value.node { tapState.asked.append((entry, node)) }
    return value
  }
}

extension Variable {
  /// This value, which is shown under a name to whoever looks at it with ``Taps``; use the one
  /// that is returned from here on.
  ///
  /// ```swift
  /// let hidden = fc1(x).tapped(as: "output", of: fc1.weight)  // "blocks.3.mlp.fc1.output"
  /// ```
  ///
  /// - Parameters:
  ///   - name: the last part of the place's name.
  ///   - parameter: a parameter of the module that the value belongs to, whose own name then says
  ///     where that is.
  ///   - levels: how many parts of the parameter's name are not the module's: 2 if it belongs to a
  ///     module inside of it.
  @discardableResult
  public func tapped(as name: String, of parameter: Parameter, above levels: Int = 1) -> Variable {
    tape.offer(self, name, of: parameter, above: levels)
  }
}
