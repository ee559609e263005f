/// How long a round is that trains on a part of the examples.
public enum RoundScaling: String, Sendable, CaseIterable, Codable {
  /// The epochs shrink as the set does, and so the steps with its square: as the authors' program
  /// has it.
  case epochs
  /// The epochs stay, and the steps shrink as the set does: as the paper says.
  case iterations

  /// The length of a round on `part` of `whole` examples.
  public func length(part: Int, of whole: Int) -> RoundLength {
    switch self {
    case .epochs: RoundLength(part: part, whole: max(whole, 1))
    case .iterations: RoundLength(part: 1, whole: 1)
    }
  }
}

/// The length of a round as a share of the dense training's, exact.
public struct RoundLength: Sendable, Hashable {
  let part, whole: Int

  /// So many epochs instead of `epochs`: rounded down, one at least.
  public func epochs(of epochs: Int) -> Int { max(1, scaled(epochs)) }

  /// A time in the course, such as that of a milestone or the end of a warm-up, rounded down.
  public func scaled(_ epochs: Int) -> Int {
    Int(epochs.multipliedFullWidth(by: part), over: whole)
  }

  /// The share.
  public var share: Double { Double(part) / Double(whole) }
}

extension Int {
  /// A product divided by a positive number, rounded down.
  fileprivate init(_ product: (high: Int, low: UInt), over divisor: Int) {
    self = divisor.dividingFullWidth(product).quotient
  }
}
