import Autodiff
import Foundation
import Testing

@Suite struct RandomTests {
  /// What is drawn is part of every recorded run: these numbers must not change. They are what the
  /// published algorithms give in Python: SplitMix64's finaliser, FNV-1a, xoshiro256++, Lemire's
  /// bounded numbers, Box and Muller's normal ones.
  @Test func pinnedNumbers() {
    var random = Random(seed: 0)
    #expect(
      (0..<3).map { _ in random.next() } == [
        6_155_012_092_257_629_021, 9_696_466_077_085_704_014, 17_700_799_387_855_798_630,
      ])
    var split = Random(seed: 42).split("crop").split(3).split(-1)
    #expect(
      (0..<2).map { _ in split.next() } == [8_569_517_432_512_135_645, 5_494_942_776_205_406_266])
    #expect((0..<8).map { _ in split.below(10) } == [8, 7, 1, 2, 5, 4, 4, 1])
    #expect(split.uniform() == 0.9101744252314764)
    #expect(abs(split.normal() - 0.7540593950349606) < 1e-15)  // the logarithm is the system's
    #expect(split.permutation(8) == [0, 6, 5, 7, 4, 1, 2, 3])
  }

  @Test func theSameNamesGiveTheSameNumbers() {
    var a = Random(seed: 1).split("a").split(2)
    var b = Random(seed: 1).split("a").split(2)
    #expect(a == b && a.hashValue == b.hashValue)
    #expect(a.next() == b.next())
    _ = a.next()
    #expect(a != b)
  }

  /// Drawing from a source does not change what is split from it.
  @Test func splitsDoNotDependOnTheStream() {
    let fresh = Random(seed: 9)
    var drawn = fresh
    for _ in 0..<10 { _ = drawn.next() }
    #expect(drawn.split(3) == fresh.split(3))
    #expect(drawn.split("x") == fresh.split("x"))
  }

  /// Streams of neighbouring names share no number and are not correlated.
  @Test func splitsAreIndependent() {
    let root = Random(seed: 0)
    var streams = (0..<200).map { root.split($0) }
    streams += (0..<200).map { root.split("\($0)") }
    streams += (0..<200).map { Random(seed: UInt64($0)) }
    streams += (0..<200).map { root.split($0).split(1) } + (0..<200).map { root.split(1).split($0) }
    let first = streams.map { stream in
      var stream = stream
      return stream.next()
    }
    // root.split(1).split(1) is there twice; nothing else.
    #expect(Set(first).count == first.count - 1)

    let n = 4000
    let pairs = (0..<n).map { index in
      var (a, b) = (root.split("left").split(index), root.split("left").split(index + 1))
      return (a.uniform() - 0.5, b.uniform() - 0.5)
    }
    let covariance = pairs.reduce(0) { $0 + $1.0 * $1.1 } / Double(n)
    #expect(abs(12 * covariance) < 4 / Double(n).squareRoot())  // 4 σ
  }

  @Test func uniformStatistics() {
    var random = Random(seed: 3)
    let n = 50_000
    let values = (0..<n).map { _ in random.uniform() }
    #expect(values.allSatisfy { 0 <= $0 && $0 < 1 })
    let mean = values.reduce(0, +) / Double(n)
    #expect(abs(mean - 0.5) < 4 * (1.0 / 12 / Double(n)).squareRoot())
    let variance = values.reduce(0) { $0 + ($1 - 0.5) * ($1 - 0.5) } / Double(n)
    #expect(abs(variance - 1.0 / 12) < 4 * (1.0 / 180 / Double(n)).squareRoot())
    #expect((0..<1000).allSatisfy { _ in (-3.0..<5).contains(random.uniform(-3, 5)) })
  }

  @Test func normalStatistics() {
    var random = Random(seed: 4)
    let n = 50_000
    let values = (0..<n).map { _ in random.normal() }
    func moment(_ k: Int) -> Double {
      values.reduce(0) { sum, x in sum + (0..<k).reduce(1) { power, _ in power * x } } / Double(n)
    }
    let sigma = 1 / Double(n).squareRoot()  // of the mean
    #expect(abs(moment(1)) < 4 * sigma)
    #expect(abs(moment(2) - 1) < 4 * 2.0.squareRoot() * sigma)
    #expect(abs(moment(3)) < 4 * 15.0.squareRoot() * sigma)
    #expect(abs(moment(4) - 3) < 4 * 96.0.squareRoot() * sigma)
  }

  /// Bins of half a deviation and the two tails, in which the ziggurat works differently.
  @Test func zigguratIsNormal() {
    var random = Random(seed: 4).split("ziggurat")
    let n = 400_000
    var numbers = [Float](repeating: .nan, count: n)
    numbers.withUnsafeMutableBufferPointer { random.fillNormal($0) }
    let edges = [-.infinity] + stride(from: -3.45, through: 3.45, by: 0.46).map { $0 } + [.infinity]
    func below(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }
    var chiSquare = 0.0
    for (low, high) in zip(edges, edges.dropFirst()) {
      let expected = Double(n) * (below(high) - below(low))
      let found = Double(numbers.count { Double($0) >= low && Double($0) < high })
      chiSquare += (found - expected) * (found - expected) / expected
    }
    #expect(edges.count == 18 && abs(chiSquare - 16) < 4 * 32.0.squareRoot(), "\(chiSquare)")
    let beyond = numbers.map { abs(Double($0)) }.filter { $0 > 3.5 }
    let mean = beyond.reduce(0, +) / Double(beyond.count)
    #expect(abs(mean - 3.7514) < 0.08 && beyond.count > 100)  // φ(3.5) / (1 − Φ(3.5))
  }

  /// Cut at ±2, a standard normal has variance 1 − 4φ(2) / (2Φ(2) − 1) = 0.7737.
  @Test func truncatedNormalStatistics() {
    var random = Random(seed: 5)
    let n = 50_000
    let values = (0..<n).map { _ in random.truncatedNormal(sigma: 1) }
    #expect(values.allSatisfy { abs($0) <= 2 })
    let mean = values.reduce(0, +) / Double(n)
    let variance = values.reduce(0) { $0 + $1 * $1 } / Double(n)
    #expect(abs(mean) < 0.016)  // 4 σ
    #expect(abs(variance - 0.7737) < 0.015)
    // The bound is in the unit of the number: for a small σ it cuts nothing, nor scales.
    let small = (0..<n).map { _ in random.truncatedNormal(sigma: 0.02) }
    #expect(small.contains { abs($0) > 0.06 })
    let spread = (small.reduce(0) { $0 + $1 * $1 } / Double(n)).squareRoot()
    #expect(abs(spread / 0.02 - 1) < 0.013)
    #expect((0..<1000).allSatisfy { _ in abs(random.truncatedNormal(sigma: 1, bound: 0.1)) <= 0.1 })
  }

  /// Against closed forms: the distribution function (Kolmogorov and Smirnov at a level of 1e-4),
  /// mean and variance.
  @Test func betaStatistics() {
    let n = 20_000
    let forms: [(a: Double, b: Double, distribution: (Double) -> Double)] = [
      (1, 1, { $0 }), (2, 2, { $0 * $0 * (3 - 2 * $0) }), (3, 1, { $0 * $0 * $0 }),
      (0.5, 0.5, { 2 / .pi * atan2($0.squareRoot(), (1 - $0).squareRoot()) }),
      (1, 0.3, { 1 - pow(1 - $0, 0.3) }), (0.2, 1, { pow($0, 0.2) }),
    ]
    for (a, b, distribution) in forms {
      var random = Random(seed: 8).split("\(a) \(b)")
      let values = (0..<n).map { _ in random.beta(a, b) }.sorted()
      let distance = values.enumerated().map { index, value in
        let (below, above) = (Double(index) / Double(n), Double(index + 1) / Double(n))
        return max(distribution(value) - below, above - distribution(value))
      }.max()
      #expect((distance ?? 1) < 2.23 / Double(n).squareRoot(), "\(a) \(b)")
    }
    for a in [0.05, 0.8, 4] {  // no closed form: mean 1/2, variance 1 / (4(2a + 1))
      var random = Random(seed: 8).split("\(a)")
      let values = (0..<n).map { _ in random.beta(a, a) }
      let variance = 1 / (4 * (2 * a + 1))
      let mean = values.reduce(0, +) / Double(n)
      let spread = values.reduce(0) { $0 + ($1 - 0.5) * ($1 - 0.5) } / Double(n)
      #expect(abs(mean - 0.5) < 4 * (variance / Double(n)).squareRoot(), "\(a)")
      #expect(abs(spread - variance) < 5 * variance / Double(n).squareRoot(), "\(a)")
    }
    var tiny = Random(seed: 8)
    #expect((0..<1000).allSatisfy { _ in (0...1).contains(tiny.beta(1e-4, 1e-4)) })
  }

  /// χ² of equal shares, at a level of 1e-4.
  @Test(arguments: [(2, 15.2), (3, 18.5), (10, 33.8)]) func belowIsEven(
    _ bound: Int, _ limit: Double
  ) {
    var random = Random(seed: 6)
    let n = 30_000
    var counts = [Double](repeating: 0, count: bound)
    for _ in 0..<n { counts[random.below(bound)] += 1 }
    let expected = Double(n) / Double(bound)
    let chiSquare = counts.reduce(0) { $0 + ($1 - expected) * ($1 - expected) / expected }
    #expect(chiSquare < limit)
    #expect(random.below(1) == 0)
  }

  @Test func permutations() {
    var random = Random(seed: 7)
    for count in [0, 1, 2, 10, 1000] {
      #expect(random.permutation(count).sorted() == Array(0..<count))
    }
    #expect(random.permutation(1000) != Array(0..<1000))
    // Each of the six orders of three equally often: χ² with 5 degrees of freedom.
    var counts: [[Int]: Double] = [:]
    for _ in 0..<6000 { counts[random.permutation(3), default: 0] += 1 }
    #expect(counts.count == 6)
    #expect(counts.values.reduce(0) { $0 + ($1 - 1000) * ($1 - 1000) / 1000 } < 25.7)
  }
}
