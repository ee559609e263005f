import Autodiff
import ConViT
import Testing

@testable import Pruning

/// Mistakes that would give numbers of something else without a word: each ends the process, and
/// says what is wrong.
@Suite struct PruningMisuseTests {
  private static func chain(_ widths: [Int]) -> (RandomChain, ParameterStore) {
    let model = RandomChain(widths, law: { _ in .uniform(bound: 1) })
    return (model, ParameterStore(model, seed: 1))
  }

  private static let faults: [String] = [
    "ChainBound: norms of 2, 1 and 2 layers", "PruningRule: a sparsity of 1.5",
    "PruningRule: gradients of another model", "PruningRounds: round 0 of 3",
    "OutputGap: 2 labels for [3, 4]", "ParameterStore: masks of another model",
    "KeptParts: a share of 1.0",
  ]

  private static func make(_ fault: Int) {
    let (model, weights) = chain([4, 2])
    let (other, start) = chain([5, 2])
    switch fault {
    case 0: _ = ChainBound(weights: [1, 1], kept: [1], removed: [1, 1], lipschitz: 1)
    case 1: _ = PruningRule(.magnitude).masks(of: weights, sparsity: 1.5)
    case 2:
      var rule = PruningRule(.taylor)
      rule.gradients = Gradients(
        ofLoss: other, start, examples: .normal([2, 5], seed: 1), labels: [0, 1])
      _ = rule.masks(of: weights, sparsity: 0.5)
    case 3: _ = PruningRounds(3, to: 0.5).share(after: 0, from: 0)
    case 4:
      let gap = OutputGap(
        model, weights, on: .normal([3, 4], seed: 1), pool: WorkerPool(threads: 1))
      _ = gap.accuracy([0, 1], ParameterMasks(weights.tree))
    case 5: _ = start.pruned(by: PruningRule(.magnitude).masks(of: weights, sparsity: 0.5))
    default:
      let vit = ViTConfiguration(.vit, imageSize: 8, patchSize: 4, embedDim: 8, heads: 2)
      guard let model = try? VisionTransformer(vit) else { return }
      _ = try? KeptParts(of: model, ParameterStore(model, seed: 0), removing: .both, share: 1)
    }
  }

  @Test(arguments: 0..<7) func endsTheProcess(_ fault: Int) async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [fault] in
      Self.make(fault)
    }
    let words = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(words.contains(Self.faults[fault]), "\(words)")
  }
}
