extension AugmentationPolicy {
  /// A policy from timm's text: a name, and settings after dashes.
  ///
  ///     rand      RandAugment: m (magnitude, 10), n (operations an image, 2), p (probability of
  ///               each, 0.5), mstd (deviation of the magnitude; above 100 evenly up to m), mmax
  ///               (its maximum, 10), inc1 (operations that grow with the magnitude), and a set
  ///               of operations: tweights, t3a, t3aw
  ///     original  AutoAugment for ImageNet; also originalr, v0, v0r, 3a (3-Augment); mstd
  ///     augmix    AugMix: m (3), w (chains, 3), d (their length; 1 to 3 by chance), b1 (blended
  ///               in turn), mstd (evenly up to m without)
  ///
  /// - Parameters:
  ///   - text: As above, such as `rand-m9-mstd0.5-inc1`.
  ///   - resamplings: The filters of geometric operations, one of which is drawn for each.
  /// - Throws: `TransformError` for an unknown name, an unknown or repeated setting, and
  ///   a value outside of its range.
  public init(_ text: String, resamplings: [Resampling] = [.bicubic]) throws {
    var settings = try Settings(text)
    let form: Form
    switch settings.name {
    case "rand": form = try Self.rand(&settings)
    case "augmix": form = .mix(try Self.augMix(&settings))
    default:
      guard let lists = Self.lists(settings.name) else {
        throw settings.error("expected rand-…, augmix-…, original, originalr, v0, v0r or 3a")
      }
      let deviation = try settings.take("mstd", 0...100.0)
      form = .oneOf(lists.map { $0.map { $0.spread(.normal(deviation ?? 0)) } })
    }
    try settings.requireNothingLeft()
    self.init(form: form, resamplings: resamplings, text: text)
  }

  private static func rand(_ settings: inout Settings) throws -> Form {
    let magnitude = try settings.take("m", 0...1000) ?? 10
    let count = try settings.take("n", 1...100) ?? 2
    let probability = try settings.take("p", 0...1.0) ?? 0.5
    let deviation = try settings.take("mstd", 0...Double.infinity) ?? 0
    let maximum = try settings.take("mmax", 1...1000) ?? 10
    let grows = try settings.take("inc", 0...1) == 1
    let names: [AugmentationName]
    var weights: [Double]?
    switch settings.takeSet() {
    case nil: names = grows ? increasing : plain
    case "3a": names = three
    case "3aw": (names, weights) = (threeWeights.map(\.0), threeWeights.map(\.1))
    case "weights": (names, weights) = (Self.weights.map(\.0), Self.weights.map(\.1))
    case let other?: throw settings.error("no set t\(other): expected tweights, t3a or t3aw")
    }
    guard weights == nil || count <= names.count else {
      throw settings.error("n is \(count), but the set has \(names.count) operations")
    }
    let operations = names.map { name in
      var operation = RandomOperation(
        name: name, probability: probability, magnitude: Double(magnitude)
      )
      .spread(deviation > 100 ? .uniform : .normal(deviation))
      operation.maximum = Double(maximum)
      return operation
    }
    return .layers(operations, count: count, weights: weights)
  }

  private static func augMix(_ settings: inout Settings) throws -> AugMix {
    let magnitude = try settings.take("m", 0...10) ?? 3
    let deviation = try settings.take("mstd", 0...100.0)
    let operations = mixed.map { name in
      var operation = RandomOperation(name: name, probability: 1, magnitude: Double(magnitude))
        .spread(deviation.map { .normal($0) } ?? .uniform)
      operation.translation = 0.3
      return operation
    }
    return AugMix(
      operations: operations, width: try settings.take("w", 1...100) ?? 3,
      depth: try settings.take("d", 1...100),
      isBlended: try settings.take("b", 0...1) == 1)
  }
}

extension RandomOperation {
  fileprivate func spread(_ spread: Spread) -> RandomOperation {
    var other = self
    other.spread = spread == .normal(0) ? .fixed : spread
    return other
  }
}

/// The settings of a policy's text that have not been taken yet.
private struct Settings {
  let name: String
  private let text: String
  private var values: [String: String] = [:]

  init(_ text: String) throws {
    self.text = text
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    name = parts[0]
    for part in parts.dropFirst() {
      let isSet = part.hasPrefix("t")
      let digits = isSet ? part.dropFirst() : part.drop { !$0.isNumber }
      let key = isSet ? "t" : String(part.dropLast(digits.count))
      guard !digits.isEmpty, !key.isEmpty else { throw error("'\(part)' has no value") }
      guard values.updateValue(String(digits), forKey: key) == nil else {
        throw error("'\(key)' is there twice")
      }
    }
  }

  mutating func take<Number: LosslessStringConvertible & Comparable>(
    _ key: String, _ range: ClosedRange<Number>
  ) throws -> Number? {
    guard let value = values.removeValue(forKey: key) else { return nil }
    guard let number = Number(value), range.contains(number) else {
      let fault = Number.self == Int.self ? "is no whole number in" : "is not in"
      throw error("\(key)\(value) \(fault) \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  mutating func takeSet() -> String? { values.removeValue(forKey: "t") }

  func requireNothingLeft() throws {
    guard let key = values.keys.sorted().first else { return }
    throw error("unknown setting '\(key)'")
  }

  func error(_ reason: String) -> TransformError {
    TransformError(description: "augmentation '\(text)': \(reason)")
  }
}
