import DoubleNumerics
import Foundation
import Testing

/// What Fixtures/make_numerics.py writes.
struct Fixture: Decodable {
  struct Values: Decodable {
    let rows: Int
    let columns: Int
    let elements: [Double]

    var matrix: Matrix { Matrix(rows, columns, elements) }
  }

  /// A square matrix, its determinant and the solution of an equation, from 60 digits.
  struct Square: Decodable {
    let a: Values
    let b: [Double]
    let x: [Double]
    let logarithm: Double
    let sign: Double
    let eigenvalues: [Double]?
  }

  struct Symmetric: Decodable {
    let a: Values
    let eigenvalues: [Double]
  }

  struct LeastSquares: Decodable {
    let a: Values
    let b: [Double]
    let x: [Double]
    let rank: Int
  }

  struct Singular: Decodable {
    let a: Values
    let largest: Double
  }

  struct Ranks: Decodable {
    let x: [Double]
    let y: [Double]
    let tau: Double
    let tauP: Double
    let rho: Double
    let rhoP: Double?
  }

  struct Student: Decodable {
    let t: Double
    let freedom: Int
    let p: Double
  }

  struct Quantile: Decodable {
    let p: Double
    let x: Double
  }

  struct Below: Decodable {
    let x: Double
    let p: Double
    let density: Double
  }

  struct Sample: Decodable {
    let values: [Double]
    let mean: Double
    let deviation: Double
    let error: Double
    let shares: [Double]
    let quantiles: [Double]
    let interval: [Double]
  }

  let square: [String: Square]
  let positive: [String: Square]
  let symmetric: [String: Symmetric]
  let leastSquares: [String: LeastSquares]
  let singular: [Singular]
  let ranks: [String: Ranks]
  let student: [Student]
  let quantiles: [Quantile]
  let below: [Below]
  let sample: Sample

  init() throws {
    let url = Bundle.module.url(forResource: "Fixtures/numerics", withExtension: "json")
    self = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: try #require(url)))
  }
}

/// The largest difference of two lists, as a share of the largest number of the second.
func error(_ found: [Double], _ expected: [Double]) -> Double {
  guard found.count == expected.count, !found.isEmpty else { return .infinity }
  let largest = expected.reduce(0) { max($0, abs($1)) }
  let differences = zip(found, expected).map { abs($0 - $1) }
  guard differences.allSatisfy({ !$0.isNaN }) else { return .infinity }
  return (differences.max() ?? .infinity) / max(largest, .leastNormalMagnitude)
}

func error(_ found: Double, _ expected: Double) -> Double { error([found], [expected]) }

/// Numbers that look random and are the same everywhere: a linear congruence's.
struct Congruence: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state ^ (state >> 29)) &* 0x9e37_79b9_7f4a_7c15
  }
}

extension Matrix {
  /// Numbers between −1 and 1.
  init(random rows: Int, _ columns: Int, seed: UInt64 = 1) {
    var generator = Congruence(seed)
    let elements = (0..<rows * columns).map { _ in Double.random(in: -1...1, using: &generator) }
    self.init(rows, columns, elements)
  }

  /// The numbers 1 / (i + j + 1), of which small matrices are nearly singular.
  init(hilbert count: Int) {
    self.init(zeros: count, count)
    for i in 0..<count {
      for j in 0..<count { self[i, j] = 1 / Double(i + j + 1) }
    }
  }
}
