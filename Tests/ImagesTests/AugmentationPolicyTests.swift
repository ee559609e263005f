import Autodiff
import Foundation
import Testing

@testable import Images

/// Policies beside timm's (`make_augmentations.py`), and what is drawn from them.
@Suite struct AugmentationPolicyTests {
  struct Policy: Decodable {
    struct Operation: Decodable {
      let name: String
      let probability: Double
      let magnitude: Double
      let deviation: Double?
      let maximum: Double
      let translation: Double
    }
    let text: String
    let lists: [[Operation]]
    let count: Int?
    let weights: [Double]?
    let width: Int?
    let depth: Int?
    let isBlended: Bool?
  }

  private func operation(_ other: Policy.Operation) throws -> RandomOperation {
    var operation = RandomOperation(
      name: try #require(AugmentationName(timm: other.name)), probability: other.probability,
      magnitude: other.magnitude)
    operation.maximum = other.maximum
    operation.translation = other.translation
    if let deviation = other.deviation {
      operation.spread = deviation == 0 ? .fixed : .normal(deviation)
    } else {
      operation.spread = .uniform
    }
    return operation
  }

  @Test func textsMeanWhatTheyMeanToTimm() throws {
    let fixture = try TransformFixture<[Policy]>("policies")
    #expect(fixture.cases.count == 16)
    for expected in fixture.cases {
      let lists = try expected.lists.map { try $0.map(operation) }
      switch try AugmentationPolicy(expected.text).form {
      case .layers(let operations, let count, let weights):
        #expect([operations] == lists && count == expected.count, "\(expected.text)")
        #expect((weights == nil) == (expected.weights == nil))
        let total = (weights ?? []).reduce(0, +)
        for (weight, share) in zip(weights ?? [], expected.weights ?? []) {
          #expect(abs(weight / total - share) < 1e-12)
        }
      case .oneOf(let found):
        #expect(found == lists && expected.count == nil, "\(expected.text)")
      case .mix(let mix):
        #expect([mix.operations] == lists && mix.width == expected.width, "\(expected.text)")
        #expect(mix.depth == expected.depth && mix.isBlended == expected.isBlended)
      }
    }
  }

  @Test(arguments: [
    ("", "expected rand-"), ("original-m9", "unknown setting 'm'"),
    ("rand-m9-m8", "'m' is there twice"), ("rand-w0", "unknown setting 'w'"),
    ("rand-inc", "'inc' has no value"), ("rand-p1.5", "p1.5 is not in 0.0 to 1.0"),
    ("rand-n0", "n0 is no whole number in 1 to 100"), ("rand-m9.5", "m9.5 is no whole number"),
    ("rand-tfoo", "no set tfoo"), ("rand-n16-tweights", "n is 16"), ("rand--m9", "'' has no value"),
    ("Rand-m9", "expected rand-"), ("augmix-a2", "unknown setting 'a'"),
    ("rand-mstdnan", "'mstdnan' has no value"), ("rand-t", "'t' has no value"),
  ])
  func whatTimmDoesNotKnowIsAnError(_ text: String, _ reason: String) {
    let error = #expect(throws: TransformError.self) { try AugmentationPolicy(text) }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("'\(text)'") == true)
  }

  /// Pearson's statistic of counts against shares; mean n − 1, deviation √(2 (n − 1)).
  private func chiSquare(_ counts: [Int], _ shares: [Double]) -> Double {
    let total = Double(counts.reduce(0, +))
    return zip(counts, shares).reduce(0) { sum, pair in
      let expected = total * pair.1
      return sum + (Double(pair.0) - expected) * (Double(pair.0) - expected) / expected
    }
  }

  @Test func randAugmentDrawsItsOperationsEvenly() throws {
    let policy = try AugmentationPolicy("rand-m9-n2-mstd0.5-inc1")
    let names = AugmentationPolicy.increasing
    var pairs = [Int](repeating: 0, count: names.count * names.count)
    var random = Random(seed: 0).split("names")
    for _ in 0..<45_000 {
      let places = policy.chosen(from: &random).compactMap { names.firstIndex(of: $0.name) }
      pairs[places[0] * names.count + places[1]] += 1
    }
    let value = chiSquare(pairs, pairs.map { _ in 1 / Double(pairs.count) })
    #expect(abs(value - 224) < 4 * (2.0 * 224).squareRoot(), "χ² = \(value)")
  }

  @Test func weightsAreForTheFirstDrawAndForWhatIsLeft() throws {
    let policy = try AugmentationPolicy("rand-n2-t3aw")
    let (names, weights) = (
      AugmentationPolicy.threeWeights.map(\.0), AugmentationPolicy.threeWeights.map(\.1)
    )
    let total = weights.reduce(0, +)
    var (counts, shares): ([Int], [Double]) = ([], [])
    for (i, first) in weights.enumerated() {
      for (j, second) in weights.enumerated() where i != j {
        shares.append(first / total * second / (total - first))
      }
    }
    counts = shares.map { _ in 0 }
    var random = Random(seed: 0).split("weights")
    for _ in 0..<100_000 {
      let places = policy.chosen(from: &random).compactMap { names.firstIndex(of: $0.name) }
      #expect(places[0] != places[1])
      counts[places[0] * (names.count - 1) + places[1] - (places[1] > places[0] ? 1 : 0)] += 1
    }
    let freedom = Double(shares.count - 1)
    #expect(abs(chiSquare(counts, shares) - freedom) < 4 * (2 * freedom).squareRoot())
  }

  @Test func autoAugmentDrawsItsListsEvenly() throws {
    let policy = try AugmentationPolicy("v0")
    guard case .oneOf(let lists) = policy.form else { return }
    var counts = [Int](repeating: 0, count: 25)
    var random = Random(seed: 0).split("lists")
    for _ in 0..<25_000 {
      let list = policy.chosen(from: &random)
      counts[try #require(lists.firstIndex(of: list))] += 1
    }
    #expect(chiSquare(counts, counts.map { _ in 1 / 25 }) < 24 + 4 * 48.0.squareRoot())
  }

  /// Half happen; the magnitude is normal about 9, what is above 10 being 10; half are negative.
  @Test func magnitudesVaryAsTimms() {
    var operation = RandomOperation(name: .rotate, probability: 0.5, magnitude: 9)
    operation.spread = .normal(0.5)
    var random = Random(seed: 0).split("magnitudes")
    var levels: [Double] = []
    for _ in 0..<40_000 {
      if case .rotate(let degrees)? = operation.drawn(from: &random) { levels.append(degrees / 3) }
    }
    func share(_ condition: (Double) -> Bool) -> Double {
      Double(levels.count(where: condition)) / Double(levels.count)
    }
    #expect(abs(Double(levels.count) / 40_000 - 0.5) < 0.01)
    #expect(abs(share { $0 < 0 } - 0.5) < 0.015)
    #expect(abs(share { abs($0) == 10 } - 0.02275) < 0.004)  // beyond two deviations
    for (bound, expected) in [(8.0, 0.02275), (8.5, 0.15866), (9, 0.5), (9.5, 0.84134)] {
      #expect(abs(share { abs($0) < bound } - expected) < 0.015, "below \(bound)")
    }
    operation.spread = .uniform
    levels = []
    for _ in 0..<40_000 {
      if case .rotate(let degrees)? = operation.drawn(from: &random) { levels.append(degrees / 3) }
    }
    for bound in [1.0, 4.5, 8] {
      #expect(abs(share { abs($0) < bound } - bound / 9) < 0.015, "below \(bound)")
    }
  }

  @Test func jitterDrawsFactorsAndOrder() {
    var random = Random(seed: 0).split("jitter")
    var orders: [[String]: Int] = [:]
    var factors: [Double] = []
    for _ in 0..<6000 {
      var order: [String] = []
      for operation in TrainingTransform.jitter(0.4, from: &random) {
        switch operation {
        case .brightness(let factor): (order, factors) = (order + ["b"], factors + [factor])
        case .contrast(let factor): (order, factors) = (order + ["c"], factors + [factor])
        case .color(let factor): (order, factors) = (order + ["s"], factors + [factor])
        default: Issue.record("\(operation)")
        }
      }
      orders[order, default: 0] += 1
    }
    #expect(orders.count == 6)
    #expect(chiSquare(Array(orders.values), [Double](repeating: 1 / 6, count: 6)) < 5 + 13)
    #expect(factors.allSatisfy { (0.6..<1.4).contains($0) })
    #expect(abs(factors.reduce(0, +) / 18_000 - 1) < 0.01)
    var wide = Random(seed: 2)
    let bright = (0..<50).flatMap { _ in TrainingTransform.jitter(3, from: &wide) }
    #expect(bright.allSatisfy { "\($0)".contains("-") == false })
  }

  /// 3-Augment: as often solarised at 128 as gray as blurred; the three of deit/augment.py.
  @Test func threeAugmentIsOneOfThree() throws {
    let image = countingImage(width: 12, height: 12)
    let policy = try AugmentationPolicy("3a")
    #expect(policy.takesColorJitter)
    let solarized = image.applying(.solarize(threshold: 128))
    let gray = image.applying(.color(0))
    var counts = [0, 0, 0]
    for i in 0..<900 {
      let result = policy(image, random: Random(seed: 0).split(i))
      counts[result == solarized ? 0 : result == gray ? 1 : 2] += 1
    }
    #expect(chiSquare(counts, [1 / 3, 1 / 3, 1 / 3]) < 2 + 4 * 2)
  }

  @Test func augMixStaysBetweenChainsAndImage() throws {
    let image = countingImage(width: 20, height: 20)
    for text in ["augmix-m5", "augmix-m5-b1-w2-d1"] {
      let policy = try AugmentationPolicy(text)
      let results = (0..<40).map { policy(image, random: Random(seed: 3).split($0)) }
      #expect(Set(results).count > 30)
      #expect(results == (0..<40).map { policy(image, random: Random(seed: 3).split($0)) })
      // A mixture of an image of one colour, which no operation of magnitude 0 changes.
      let plain = RGBImage(width: 9, height: 9, pixels: [UInt8](repeating: 90, count: 243))
      let still = try AugmentationPolicy(text.replacingOccurrences(of: "m5", with: "m0"))
      for i in 0..<20 {
        let mixed = still(plain, random: Random(seed: 5).split(i))
        #expect(mixed.pixels.allSatisfy { (80...90).contains($0) })
      }
    }
  }
}
