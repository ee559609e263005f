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

  /// Where all factors are reached but the activation's, the bound is above the change by no more
  /// than that: one path of numbers through an MLP, which the longest token takes.
  @Test(
    arguments: [(1, 0, 0), (2, 0, 0), (1, 30, 0), (2, 30, 200), (0.5, 0, 200)]
      as [(Float, Float, Float)])
  func aPerceptronThatReachesIt(_ scale: Float, _ shift: Float, _ bias: Float) throws {
    var configuration = ViTConfiguration(.vit, imageSize: 8, patchSize: 4, embedDim: 16, heads: 2)
    configuration.depth = 1
    let model = try VisionTransformer(configuration)
    var weights = ParameterStore(model, seed: 0)
    let block = model.blocks[0]
    let direction = (0..<16).map { Float($0 % 2 == 0 ? 0.25 : -0.25) }  // of length 1 and mean 0
    weights[block.norm2.weight] = Tensor(repeating: scale, [16])
    weights[block.norm2.bias] = Tensor([16], direction.map { shift * $0 })
    let (fc1, fc2) = (block.mlp.fc1, block.mlp.fc2)
    weights[fc1.weight] = Tensor(
      [64, 16], direction.map { 3 * $0 } + .init(repeating: 0, count: 1008))
    weights[try #require(fc1.bias)] = Tensor([64], [bias] + .init(repeating: 0, count: 63))
    weights[fc2.weight] = Tensor([16, 64], [5] + .init(repeating: 0, count: 1023))
    weights[try #require(fc2.bias)] = Tensor(repeating: 7, [16])
    // What goes in at most: √16 by the normalisation, times its scale, and its shift.
    let size = Double(4 * scale + shift)
    func output(_ weights: ParameterStore) -> Tensor {
      let tape = Tape(weights, .inference)
      return block.mlp(block.norm2(tape.constant(Tensor([1, 16], direction.map { 1e3 * $0 }))))
        .value
    }
    for parameter in [fc1.weight, fc2.weight] {
      var masks = ParameterMasks(weights.tree)
      masks[parameter] = Tensor(repeating: 0, parameter.shape)
      let bound = try #require(MLPBound.bounds(of: model, weights, by: masks).first)
      #expect(abs(bound.inputSize / size - 1) < 1e-6)
      let change = output(weights).minus(output(weights.pruned(by: masks))).squaredNorm.squareRoot()
      #expect(bound.gap >= change && bound.gap < 1.13 * change, "\(bound.gap) \(change)")
      let whole = Double(5 * (3 * Float(size) + bias))
      #expect(bound.outputSize >= whole && bound.outputSize < 1.13 * whole)
    }
  }
}
