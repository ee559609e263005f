import Autodiff
import ConViT
import Testing

@testable import Pruning

@Suite struct ChainBoundTests {
  private static let methods = PruningRule.Method.lawful

  /// ‖f(x) − g(x)‖ / ‖x‖ for some x, the largest.
  private static func gap(
    _ model: RandomChain, _ weights: ParameterStore, _ kept: ParameterStore, _ x: Tensor
  ) -> Double {
    let f = model(Tape(weights, .inference).constant(x)).value
    let g = model(Tape(kept, .inference).constant(x)).value
    return (0..<x.shape[0]).map { row in
      let range = row..<row + 1
      let difference = f.sliced(0, range).minus(g.sliced(0, range)).squaredNorm
      return (difference / x.sliced(0, range).squaredNorm).squareRoot()
    }.max() ?? .nan
  }

  /// No violation in 480 networks of three layers: of the bound from the weights, nor of the one
  /// that was known before there were any.
  @Test func neverViolated() {
    var (count, largest) = (0, 0.0)
    for isUniform in [true, false] {
      for isGELU in [true, false] {
        let c = isGELU ? Lipschitz.gelu : Lipschitz.relu
        let law = { (inputs: Int) in EntryLaw.scaled(uniform: isUniform, inputs) }
        let widths = [64, 80, 64, 96]
        let model = RandomChain(widths, law: law) { isGELU ? $0.gelu() : $0.relu() }
        for method in Self.methods {
          for sparsity in [0.1, 0.4, 0.8] {
            let before = ChainBound(
              widths: widths, law: law, sparsity: sparsity, method: method, lipschitz: c)
            for seed in 0..<20 {
              let weights = ParameterStore(model, seed: UInt64(seed))
              let masks = PruningRule(method, seed: UInt64(seed))
                .masks(of: weights, sparsity: sparsity)
              let kept = weights.pruned(by: masks)
              let bound = ChainBound(weights.values, kept: kept.values, lipschitz: c)
              let gap = Self.gap(model, weights, kept, .normal([4, 64], seed: UInt64(seed)))
              #expect(gap <= bound.gap && gap <= before.gap)
              largest = max(largest, gap / bound.gap)
              count += 1
            }
          }
        }
      }
    }
    #expect(count == 480 && largest > 0.02 && largest < 0.5, "\(largest)")
  }

  /// Where every factor is reached, the bound is the gap: numbers in place of matrices.
  @Test func reached() {
    func chain(_ numbers: [Float]) -> [Tensor] { numbers.map { Tensor([1, 1], [$0]) } }
    // f = 2 · 3 · 5, g = 2 · 3 · 0: only the last layer differs. And f = 30, g = 0 by the first.
    for kept: [Float] in [[2, 3, 0], [0, 3, 5]] {
      let bound = ChainBound(chain([2, 3, 5]), kept: chain(kept), lipschitz: 1)
      #expect(bound.gap >= 30 && bound.gap < 30.01)
    }
    // Both: |30 − 1 · 3 · 4| ≤ 1 · 3 · 4 + … = ‖V₃‖‖V₂‖‖E₁‖ + ‖E₃‖‖W₂‖‖W₁‖ = 12 + 6.
    let bound = ChainBound(
      weights: [2, 3, 5], kept: [1, 3, 4], removed: [1, 0, 1], lipschitz: 1)
    #expect(bound.gap == 18)
    #expect(
      ChainBound(weights: [2, 3, 5], kept: [1, 3, 4], removed: [1, 0, 1], lipschitz: 2).gap == 72)
  }

  /// The change of an MLP's output on tokens as a normalisation makes them is within its bound.
  @Test func perceptrons() throws {
    var configuration = ViTConfiguration(.vit, imageSize: 8, patchSize: 4, embedDim: 16, heads: 2)
    configuration.depth = 2
    let model = try VisionTransformer(configuration)
    var weights = ParameterStore(model, seed: 0)
    for (slot, value) in weights.values.enumerated() {
      weights[slot: slot] = .normal(value.shape, seed: UInt64(slot))
    }
    for sparsity in [0.2, 0.7, 1] {
      let masks = PruningRule(.magnitude).masks(of: weights, sparsity: sparsity)
      let bounds = MLPBound.bounds(of: model, weights, by: masks)
      #expect(bounds.map(\.layer) == [0, 1])
      for bound in bounds {
        let block = model.blocks[bound.layer]
        func output(_ weights: ParameterStore) -> Tensor {
          let tape = Tape(weights, .inference)
          return block.mlp(block.norm2(tape.constant(.normal([500, 16], seed: 9)))).value
        }
        let change = output(weights).minus(output(weights.pruned(by: masks)))
        let largest = (0..<500).map { change.sliced(0, $0..<$0 + 1).squaredNorm }.max() ?? .nan
        #expect(largest.squareRoot() <= bound.gap && bound.gap < 100 * largest.squareRoot())
      }
    }
    #expect(MLPBound.bounds(of: model, weights, by: ParameterMasks(weights.tree)).isEmpty)
  }
}
