import Autodiff
import ConViT
import Testing

@testable import Pruning

@Suite struct OutputGapTests {
  private static let pool = WorkerPool(threads: 1)
  private static func law(_ inputs: Int) -> EntryLaw { .scaled(uniform: true, inputs) }

  /// Of outputs that are linear in the weights the derivative says all; and of others whatever
  /// little is taken.
  @Test func exactWhereItMustBe() {
    for (widths, sparsities) in [([20, 10], [0.1, 0.5, 0.9]), ([20, 15, 10], [0.01, 0.02])] {
      let model = RandomChain(widths, law: Self.law) { $0 }
      let weights = ParameterStore(model, seed: 4)
      let gap = OutputGap(
        model, weights, on: .normal([50, 20], seed: 1), pool: Self.pool)
      for sparsity in sparsities {
        let masks = PruningRule(.magnitude).masks(of: weights, sparsity: sparsity)
        let (measured, predicted) = (gap.measured(masks), gap.predicted(masks))
        #expect(abs(predicted / measured - 1) < 1e-3, "\(predicted) \(measured)")
      }
    }
  }

  /// By hand: outputs of pruned weights beside those of all.
  @Test func measured() {
    let model = RandomChain([8, 6, 4], law: Self.law)
    let weights = ParameterStore(model, seed: 4)
    let x = Tensor.normal([30, 8], seed: 1)
    let masks = PruningRule(.random).masks(of: weights, sparsity: 0.3)
    let f = model(Tape(weights, .inference).constant(x)).value
    let g = model(Tape(weights.pruned(by: masks), .inference).constant(x)).value
    let gap = OutputGap(model, weights, on: x, pool: Self.pool)
    let expected = (f.minus(g).squaredNorm / f.squaredNorm).squareRoot()
    #expect(abs(gap.measured(masks) - expected) < 1e-6 && expected > 0.1)
    #expect(gap.measured(ParameterMasks(weights.tree)) == 0)
  }

  /// A layer by itself, where all outputs depend on one layer more than on the other.
  @Test func layers() throws {
    let model = RandomChain([8, 6, 4], law: Self.law)
    let weights = ParameterStore(model, seed: 4)
    let gap = OutputGap(model, weights, on: .normal([30, 8], seed: 1), pool: Self.pool)
    let masks = PruningRule(.magnitude).masks(of: weights, sparsity: 0.3)
    let layers = gap.predictedByLayer(masks)
    #expect(layers.map(\.name) == ["layers.0.weight", "layers.1.weight"])
    // The last layer's outputs are linear in its weights.
    var last = ParameterMasks(weights.tree)
    last[slot: 1] = masks[slot: 1]
    #expect(abs(layers[1].gap / gap.measured(last) - 1) < 1e-3)
  }

  /// A plan keeps what it was asked to, and does not stop far before it.
  @Test(arguments: [0.01, 0.1, 0.3])
  func plans(_ eps: Double) throws {
    let model = RandomChain([20, 30, 10], law: Self.law)
    let weights = ParameterStore(model, seed: 4)
    let gap = OutputGap(model, weights, on: .normal([50, 20], seed: 1), pool: Self.pool)
    let rule = PruningRule(.magnitude)
    let plan = GapPlan(keeping: eps, of: gap) { rule.masks(of: weights, sparsity: $0) }
    let last = try #require(plan.trials.last)
    #expect(last.measured <= eps && plan.sparsity == last.sparsity && plan.trials.count < 20)
    #expect(last.measured == gap.measured(rule.masks(of: weights, sparsity: plan.sparsity)))
    #expect(gap.measured(rule.masks(of: weights, sparsity: plan.sparsity + 1 / 1024)) > eps)
    #expect(
      plan.trials.dropLast().allSatisfy { $0.measured > eps || $0.sparsity < plan.sparsity })
  }

  /// Nothing goes where nothing may, and all where all may.
  @Test func plansAtTheEdges() {
    let model = RandomChain([20, 30, 10], law: Self.law)
    let weights = ParameterStore(model, seed: 4)
    let gap = OutputGap(model, weights, on: .normal([50, 20], seed: 1), pool: Self.pool)
    let rule = PruningRule(.magnitude)
    func plan(_ eps: Double) -> GapPlan {
      GapPlan(keeping: eps, of: gap) { rule.masks(of: weights, sparsity: $0) }
    }
    #expect(plan(1e-12).trials.last == GapPlan.Trial(sparsity: 0, predicted: 0, measured: 0))
    #expect(plan(10).sparsity == 1023.0 / 1024)
  }
}
