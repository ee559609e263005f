import Autodiff
import ConViT
import Foundation
import Testing

@testable import Pruning

@Suite struct MeanFieldTests {
  /// E[ReLU(x) · ReLU(y)] by sums over a grid.
  @Test func theKernel() {
    func sum(_ u: Double, _ w: Double, _ c: Double) -> Double {
      let step = 0.02
      let slope = c / u
      let rest = (w - c * slope).squareRoot()
      func density(_ x: Double) -> Double { exp(-x * x / 2) / (2 * .pi).squareRoot() }
      var total = 0.0
      for a in stride(from: step / 2, to: 8, by: step) {
        for b in stride(from: -8 + step / 2, to: 8, by: step) {
          let (x, y) = (u.squareRoot() * a, slope * u.squareRoot() * a + rest * b)
          total += x * max(y, 0) * density(a) * density(b) * step * step
        }
      }
      return total
    }
    for (u, w, c) in [(1.0, 1.0, 0.5), (2, 0.7, 1), (1, 3, -0.9), (1, 1, 0)] {
      #expect(abs(MeanField.relu(u, w, c) / sum(u, w, c) - 1) < 1e-3)
    }
    #expect(abs(MeanField.relu(4, 4, 4) - 2) < 1e-12 && MeanField.relu(1, 1, -1) < 1e-12)
    // Of two that are one, whose cosine is above 1 by rounding.
    let (u, w, c) = (0.4213558241805164, 2.953648564816305, 1.1155881970367802)
    #expect(c / (u * w).squareRoot() > 1 && abs(MeanField.relu(u, w, c) - c / 2) < 1e-12)
  }

  /// One layer: what is removed, p of random and p³ of magnitude pruning of uniform weights.
  @Test func oneLayer() {
    for p in [0.1, 0.5, 0.9] {
      let law = EntryLaw.uniform(bound: 3)
      func gap(_ method: PruningRule.Method, _ layers: Int = 1) -> Double {
        MeanField(layers: layers, law: law, sparsity: p, method: method).squaredGap
      }
      #expect(abs(gap(.random) - p) < 1e-12 && abs(gap(.magnitude) - p * p * p) < 1e-12)
      #expect(gap(.magnitude, 5) < gap(.random, 5))
    }
    #expect(MeanField(layers: 5, removedShare: 0).squaredGap < 1e-12)
    #expect(abs(MeanField(layers: 5, removedShare: 1).squaredGap - 1) < 1e-12)
  }

  /// Networks of width 256 and depth 1, 3 and 5 are within 5 % of the prediction, the mean over
  /// draws; and magnitude pruning moves outputs less than random pruning in each of them.
  @Test(arguments: [true, false])
  func networks(_ isUniform: Bool) {
    let draws = Bars.areOn ? 30 : 6
    let law = { (inputs: Int) in EntryLaw.scaled(uniform: isUniform, inputs) }
    let model = RandomChain(Array(repeating: 256, count: 6), law: law)
    for sparsity in [0.2, 0.5, 0.8] {
      // Of all draws, by method and layer, and of the networks without pruning by layer.
      var sums: [PruningRule.Method: [Double]] = [:]
      var sizes = Array(repeating: 0.0, count: 5)
      for seed in 0..<draws {
        let weights = ParameterStore(model, seed: UInt64(seed))
        let x = Tensor.normal([32, 256], seed: UInt64(seed))
        let f = model.outputs(Tape(weights, .inference).constant(x))
        for (layer, value) in f.enumerated() { sizes[layer] += value.squaredNorm }
        var gaps: [PruningRule.Method: [Double]] = [:]
        for method in PruningRule.Method.lawful {
          let masks = PruningRule(method, seed: UInt64(seed))
            .masks(of: weights, sparsity: sparsity)
          let g = model.outputs(Tape(weights.pruned(by: masks), .inference).constant(x))
          let gap = zip(f, g).map { $0.minus($1).squaredNorm }
          gaps[method] = gap
          sums[method] = zip(sums[method] ?? Array(repeating: 0, count: 5), gap).map { $0 + $1 }
        }
        #expect(zip(gaps[.magnitude] ?? [], gaps[.random] ?? []).allSatisfy { $0 < $1 })
      }
      for (method, sums) in sums {  // ratios of means, as the prediction is
        for depth in [1, 3, 5] {
          let mean = sums[depth - 1] / sizes[depth - 1]
          let predicted = MeanField(
            layers: depth, law: law(256), sparsity: sparsity, method: method
          ).squaredGap
          #expect(
            abs(mean / predicted - 1) < 0.05,
            "\(method) \(sparsity) \(depth): \(mean), predicted \(predicted)")
        }
      }
    }
  }
}

/// Whether bars that take a minute are measured, too: `make pruning` says so.
enum Bars {
  static let areOn = ProcessInfo.processInfo.environment["CONVIT_BARS"] != nil
}
