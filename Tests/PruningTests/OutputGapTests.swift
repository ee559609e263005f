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
    var first = ParameterMasks(weights.tree)
    first[slot: 0] = masks[slot: 0]
    #expect(layers[0].gap == gap.predicted(first) && layers[0].gap != gap.measured(first))
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

  /// Where all weights of three linear layers go, outputs along t are (1 − t)³ · f. The outputs at
  /// ±1/8 are 1/4 · (3 + 1/64) · f apart, and those at other places farther.
  @Test func theDerivativeIsFromBothSides() {
    let model = RandomChain([8, 7, 6, 5], law: Self.law) { $0 }
    let weights = ParameterStore(model, seed: 4)
    let gap = OutputGap(model, weights, on: .normal([30, 8], seed: 1), pool: Self.pool)
    let all = PruningRule(.magnitude).masks(of: weights, sparsity: 1)
    let predicted = gap.predicted(all)
    #expect(abs(predicted - (3 + 1.0 / 64)) < 1e-4, "\(predicted)")
  }

  /// In bfloat16, both the whole model and the pruned one answer in it.
  @Test func precisions() {
    let model = RandomChain([64, 32, 4], law: Self.law)
    let weights = ParameterStore(model, seed: 4)
    let x = Tensor.normal([30, 64], seed: 1)
    let masks = PruningRule(.magnitude).masks(of: weights, sparsity: 0.1)
    func outputs(_ weights: ParameterStore) -> Tensor {
      model.logits(of: x, FrozenWeights(weights, .inference(.bfloat16)), on: Self.pool)
    }
    let (f, g) = (outputs(weights), outputs(weights.pruned(by: masks)))
    let expected = (f.minus(g).squaredNorm / f.squaredNorm).squareRoot()
    let gap = OutputGap(model, weights, on: x, pool: Self.pool, precision: .bfloat16)
    #expect(abs(gap.measured(masks) / expected - 1) < 1e-6)
  }

  /// Where all outputs are the same, none is the largest, and no answer is right.
  @Test func tiesAreNotRight() {
    let model = RandomChain([8, 4], law: Self.law)
    let weights = ParameterStore(model, seed: 4)
    let gap = OutputGap(model, weights, on: .normal([4, 8], seed: 1), pool: Self.pool)
    let all = PruningRule(.magnitude).masks(of: weights, sparsity: 1)
    #expect(gap.accuracy([0, 1, 2, 3], all) == 0)
  }

  /// A chain whose first unit is silent as long as its weight −2 is there: small steps change
  /// nothing, and without the weight the output doubles.
  private static func silent() -> (gap: OutputGap, mask: ParameterMasks) {
    let model = RandomChain([2, 2, 1], law: law)
    var weights = ParameterStore(model, seed: 4)
    weights[slot: 0] = Tensor([2, 2], [1, -2, 1, 0])
    weights[slot: 1] = Tensor([1, 2], [1, 1])
    var masks = ParameterMasks(weights.tree)
    masks[slot: 0] = Tensor([2, 2], [1, 0, 1, 1])
    return (OutputGap(model, weights, on: Tensor([1, 2], [1, 1]), pool: pool), masks)
  }

  /// Where nothing is predicted and much is measured, a plan goes down step by step, and it keeps
  /// what it was asked to though it is asked for nearly that much.
  @Test func plansOnWhatIsNotForeseen() {
    let (gap, masks) = Self.silent()
    #expect(gap.measured(masks) == 1 && gap.predicted(masks) == 0)
    let nothing = ParameterMasks(masks.tree)
    let plan = GapPlan(keeping: 0.98, of: gap) { $0 > 1020.0 / 1024 ? masks : nothing }
    #expect(plan.trials.map { 1024 * $0.sparsity } == [1023, 1022, 1021, 1020])
    #expect(plan.trials.map(\.measured) == [1, 1, 1, 0])
  }

  /// Where twice as much is measured as was predicted, half of it is asked for next.
  @Test func plansAskForLess() throws {
    // Of 64 pairs of units, the first of a pair gives 1, and the second is silent. What is taken
    // from a pair makes 0 of the first, and −1 of the second, which small steps do not show.
    let model = RandomChain([2, 128, 1], law: Self.law)
    var weights = ParameterStore(model, seed: 4)
    weights[slot: 0] = Tensor([128, 2], (0..<64).flatMap { _ in [1, 0, 1, -2] })
    weights[slot: 1] = Tensor([1, 128], (0..<64).flatMap { _ in [1, -1] })
    let gap = OutputGap(model, weights, on: Tensor([1, 2], [1, 1]), pool: Self.pool)
    let plan = GapPlan(keeping: 0.5, of: gap) { sparsity in
      let pairs = Int(64 * sparsity)
      var masks = ParameterMasks(weights.tree)
      masks[slot: 0] = Tensor(
        [128, 2], (0..<64).flatMap { $0 < pairs ? [0, 1, 1, 0] : [1, 1, 1, 1] })
      return masks
    }
    let (first, last) = (plan.trials[0], plan.trials[plan.trials.count - 1])
    #expect(first.predicted == 0.5 && first.measured == 1 && last.measured == 0.5)
    // It ends at the last step of 16 pairs, as those of 17 measure more.
    #expect(
      plan.sparsity == 271.0 / 1024 && plan.trials.dropLast().allSatisfy { $0.measured > 0.5 })
  }
}
