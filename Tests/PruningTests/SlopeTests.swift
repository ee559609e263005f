import Autodiff
import ConViT
import Foundation
import Testing

@testable import Pruning

/// Of every layer's D weights D^(1−α) go: the squared gap falls as D^(−3α) by magnitude, of uniform
/// weights, and as D^(−α) at random.
@Suite struct SlopeTests {
  private static let widths = [64, 128, 256, 512, 1024]

  /// The exponent of a power law through points, by least squares of logarithms.
  private static func slope(_ points: [(size: Double, gap: Double)]) -> Double {
    let (x, y) = (points.map { log($0.size) }, points.map { log($0.gap) })
    let count = Double(points.count)
    let (meanX, meanY) = (x.reduce(0, +) / count, y.reduce(0, +) / count)
    let products = zip(x, y).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) }
    return products / x.reduce(0) { $0 + ($1 - meanX) * ($1 - meanX) }
  }

  private static func law(_ alpha: Double, _ method: PruningRule.Method) -> Double {
    method == .random ? -alpha : -3 * alpha
  }

  /// The prediction has these slopes, in one layer exactly; in two, a share of 1/8 of 64 × 64
  /// weights is so large that the slope of random pruning is 4.7 % off.
  @Test(arguments: [0.25, 0.5], PruningRule.Method.lawful)
  func predicted(_ alpha: Double, _ method: PruningRule.Method) {
    for layers in [1, 2] {
      let slope = Self.slope(
        Self.widths.map { width in
          let size = Double(width * width)
          let field = MeanField(
            layers: layers, law: .uniform(bound: 1), sparsity: pow(size, -alpha), method: method)
          return (size, field.squaredGap)
        })
      #expect(abs(slope / Self.law(alpha, method) - 1) < (layers == 1 ? 1e-9 : 0.05))
    }
  }

  /// So do networks, of one layer and of two, where it is the mean field that is to be met; beside
  /// it the share of draws whose relative gap is above 1/10.
  @Test(.enabled(if: Bars.areOn), arguments: [0.25, 0.5], [1, 2])
  func measured(_ alpha: Double, _ layers: Int) {
    for method in PruningRule.Method.lawful {
      var (points, fields, table) = ([(Double, Double)](), [(Double, Double)](), [String]())
      for width in Self.widths {
        let (size, draws) = (Double(width * width), max(8, 8192 / width))
        let sparsity = pow(size, -alpha)
        let model = RandomChain(Array(repeating: width, count: layers + 1)) {
          .scaled(uniform: true, $0)
        }
        let gaps = (0..<draws).map { draw in
          let weights = ParameterStore(model, seed: UInt64(draw))
          let masks = PruningRule(method, seed: UInt64(draw))
            .masks(of: weights, sparsity: sparsity)
          let x = Tensor.normal([16, width], seed: UInt64(draw))
          let f = model(Tape(weights, .inference).constant(x)).value
          let g = model(Tape(weights.pruned(by: masks), .inference).constant(x)).value
          return f.minus(g).squaredNorm / f.squaredNorm
        }
        points.append((size, gaps.reduce(0, +) / Double(draws)))
        fields.append(
          (
            size,
            MeanField(
              layers: layers, law: .uniform(bound: 1), sparsity: sparsity, method: method
            ).squaredGap
          ))
        let above = Double(gaps.count { $0 > 0.01 }) / Double(draws)
        table.append(String(format: "%d: P(gap > 0.1) = %.2f", width, above))
      }
      let (slope, field) = (Self.slope(points), Self.slope(fields))
      let law = Self.law(alpha, method)
      print(
        "\(layers) layers, α = \(alpha), \(method): slope \(slope), "
          + "mean field \(field), law \(law); " + table.joined(separator: ", "))
      #expect(abs(slope / (layers == 1 ? law : field) - 1) < 0.05)
    }
  }
}
