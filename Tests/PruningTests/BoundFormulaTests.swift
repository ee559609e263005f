import Autodiff
import ConViT
import Testing

@testable import Pruning

/// Bounds held against their formulas, term by term: a bound that is too large is still kept by
/// every network, so that no network can tell.
@Suite struct BoundFormulaTests {
  /// The bound that is known before there are weights, of two layers.
  @Test func beforeThereAreWeights() {
    let widths = [4, 9, 25]
    let bound = ChainBound(
      widths: widths, law: { .normal(deviation: 1 / Double($0)) }, sparsity: 0.2, method: .random,
      lipschitz: 2)
    // Random pruning takes the share p of the variance, which is 1 / inputs² here.
    func norm(_ layer: Int, _ share: Double) -> Double {
      let (inputs, outputs) = (Double(widths[layer]), Double(widths[layer + 1]))
      return 1.05 * share.squareRoot() / inputs * (inputs.squareRoot() + outputs.squareRoot())
    }
    let expected = 2 * (norm(1, 0.8) * norm(0, 0.2) + norm(1, 0.2) * norm(0, 1))
    #expect(abs(bound.gap / expected - 1) < 1e-12, "\(bound.gap) \(expected)")
  }

  /// A perceptron of which both layers are pruned; the largest scale before it is negative.
  @Test func perceptron() throws {
    let (model, weights) = try Self.perceptron()
    let block = model.blocks[0]
    let masks = PruningRule(.magnitude).masks(of: weights, sparsity: 0.6)
    let kept = weights.pruned(by: masks)
    func norm(_ parameter: Parameter, _ store: ParameterStore) -> Double {
      SpectralNorm.bound(of: store[parameter])
    }
    func removed(_ parameter: Parameter) -> Double {
      SpectralNorm.bound(of: weights[parameter].minus(kept[parameter]))
    }
    let (fc1, fc2) = (block.mlp.fc1, block.mlp.fc2)
    let shift = weights[block.norm2.bias].squaredNorm.squareRoot()
    let bias = weights[try #require(fc1.bias)].squaredNorm.squareRoot()
    let size = 5 * 4 + shift  // √16 numbers of a deviation of 1, times the largest scale
    let hidden = Lipschitz.gelu * (norm(fc1.weight, weights) * size + bias)
    let gap =
      removed(fc2.weight) * hidden
      + norm(fc2.weight, kept) * Lipschitz.gelu * removed(fc1.weight) * size
    let bound = try #require(MLPBound.bounds(of: model, weights, by: masks).first)
    #expect(abs(bound.inputSize / size - 1) < 1e-6)
    #expect(abs(bound.gap / gap - 1) < 1e-6, "\(bound.gap) \(gap)")
    #expect(abs(bound.outputSize / (norm(fc2.weight, weights) * hidden) - 1) < 1e-6)
  }

  private static func perceptron() throws -> (VisionTransformer, ParameterStore) {
    var configuration = ViTConfiguration(.vit, imageSize: 8, patchSize: 4, embedDim: 16, heads: 2)
    configuration.depth = 1
    let model = try VisionTransformer(configuration)
    var weights = ParameterStore(model, seed: 0)
    for (slot, value) in weights.values.enumerated() {
      weights[slot: slot] = .normal(value.shape, seed: UInt64(slot))
    }
    let scale = model.blocks[0].norm2.weight
    weights[scale] = Tensor([16], (0..<16).map { $0 == 3 ? -5 : 1 })
    return (model, weights)
  }

  /// The numbers of one matrix that a mask takes something from, by hand.
  @Test func whatGoesOfAMatrix() throws {
    let model = RandomChain([3, 2], law: { _ in .uniform(bound: 1) })
    var weights = ParameterStore(model, seed: 0)
    weights[slot: 0] = Tensor([2, 3], [3, 1, 4, 1, 5, 2])
    var masks = ParameterMasks(weights.tree)
    masks[slot: 0] = Tensor([2, 3], [0, 1, 0, 1, 1, 1])
    let part = try #require(RemovedPart.parts(of: weights, by: masks).first)
    #expect((part.rows, part.columns, part.removed) == (2, 3, 2))
    #expect((part.removedSquares, part.squares) == (25, 56))
    #expect(part.relativeSize == (25.0 / 56).squareRoot())
    let deviation = (25.0 / 6).squareRoot()  // of all six numbers, of which four are 0
    #expect(
      abs(part.predictedNorm / (deviation * (2.0.squareRoot() + 3.0.squareRoot())) - 1) < 1e-12)
    #expect(abs(masks.layers[0].sparsity - 1.0 / 3) < 1e-12)
    // A vector is a row.
    let linear = Linear(3, 2)
    let vector = ParameterStore(linear, seed: 0)
    var mask = ParameterMasks(vector.tree)
    mask[try #require(linear.bias)] = Tensor([2], [0, 1])
    let row = try #require(RemovedPart.parts(of: vector, by: mask).first)
    #expect((row.rows, row.columns, row.removed) == (1, 2, 1))
  }
}
