import Autodiff
import ConViT
import Testing

@testable import Pruning

@Suite struct PruningRoundsTests {
  private struct Two: Model {
    let input: Shape = [30]
    let fc1 = Linear(30, 50, bias: false)
    let fc2 = Linear(50, 40, bias: false)
    func callAsFunction(_ x: Variable) -> Variable { fc2(fc1(x).gelu()) }
  }

  /// The course of Zhu and Gupta's equation 1, from any start.
  @Test(arguments: [1, 2, 5, 30], [0, 0.3, 0.8])
  func course(_ count: Int, _ start: Double) {
    let rounds = PruningRounds(count, to: 0.8)
    var share = start
    for round in 1...count {
      share = rounds.share(after: round, from: share)
      let left = 1 - Double(round) / Double(count)
      #expect(abs(share - (0.8 + (start - 0.8) * left * left * left)) < 1e-12)
    }
    #expect(share == 0.8)
    #expect(PruningRounds(3, to: 0.5).share(after: 1, from: 0.9) == 0.5)  // never above the end
  }

  /// The first round begins with the first epoch, and all are made with time left for each.
  @Test func epochs() {
    func made(_ rounds: Int, _ epochs: Int) -> [Int] {
      (0..<epochs + 2).map { PruningRounds(rounds, to: 0.5).made(at: $0, of: epochs) }
    }
    #expect(made(5, 10) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 5])
    #expect(made(3, 4) == [1, 1, 2, 3, 3, 3])
    #expect(made(1, 3) == [1, 1, 1, 1, 1])
  }

  /// Rounds on weights that change between them: what is gone stays gone, counts are exact, and
  /// the smallest of what is left go.
  @Test(arguments: PruningRule.Scope.allCases)
  func masksGrow(_ scope: PruningRule.Scope) throws {
    let model = Two()
    var (weights, masks) = (ParameterStore(model, seed: 1), ParameterMasks?.none)
    let (rule, rounds) = (PruningRule(.magnitude, scope: scope), PruningRounds(4, to: 0.7))
    var start = weights.values[0].elements
    for place in 0..<40 { start[place] = 0 }  // zeros that are not masked tie with those that are
    for round in 1...4 {
      let before = masks.map(rule.share(removedBy:)) ?? 0
      let made = rule.masks(
        of: weights, sparsity: rounds.share(after: round, from: before), after: masks)
      if let masks { #expect(made.intersection(masks).layers == made.layers) }
      let left = 1 - Double(round) / 4
      let expected = 0.7 * (1 - left * left * left)
      for (layer, count) in zip(made.layers, [1500.0, 2000]) where scope == .layer {
        #expect(abs(Double(layer.count - layer.kept) - expected * count) <= 1)
      }
      #expect(abs(rule.share(removedBy: made) - expected) <= 1.0 / 1500)
      for slot in 0..<2 {
        weights[slot: slot] =
          round == 1 && slot == 0
          ? Tensor([50, 30], start) : .normal(weights.values[slot].shape, seed: UInt64(round))
      }
      weights.apply(made)
      masks = made
    }
    #expect(rule.share(removedBy: try #require(masks)) == 0.7)
  }

  /// What was gone before is kept gone, though it is more than the share.
  @Test func moreIsGone() throws {
    let weights = ParameterStore(Two(), seed: 1)
    var earlier = PruningRule(.random).masks(of: weights, sparsity: 0.9)
    earlier[slot: 1] = nil
    let masks = PruningRule(.magnitude).masks(of: weights, sparsity: 0.5, after: earlier)
    #expect(masks.layers.map(\.kept) == [150, 1000])
    #expect(masks.values[0] == earlier.values[0])
  }
}
