import Autodiff
import ConViT
import Testing

@testable import Pruning

/// Which weights a rule chooses where several could go.
@Suite struct ChoiceTests {
  private static func chain(_ widths: [Int]) -> (RandomChain, ParameterStore) {
    let model = RandomChain(widths, law: { _ in .uniform(bound: 1) })
    return (model, ParameterStore(model, seed: 1))
  }

  private static func removed(_ masks: ParameterMasks, _ slot: Int) -> [Int] {
    (masks[slot: slot]?.elements ?? []).enumerated().filter { $1 == 0 }.map(\.0)
  }

  /// Of 5 weights, 0.5 takes 3, and 0.3 takes 2.
  @Test(arguments: [(0.1, 1), (0.3, 2), (0.5, 3), (0.7, 4), (0.9, 5)])
  func halvesAreRoundedUp(_ sparsity: Double, _ gone: Int) {
    let (_, weights) = Self.chain([5, 1])
    let masks = PruningRule(.magnitude).masks(of: weights, sparsity: sparsity)
    #expect(Self.removed(masks, 0).count == gone)
  }

  /// Of weights that are equal in all layers, those of the first layer go first.
  @Test func ofEqualLayersTheFirstGoes() {
    var (_, weights) = Self.chain([2, 3, 4])
    for slot in 0..<2 {
      weights[slot: slot] = Tensor(repeating: 1, weights.values[slot].shape)
    }
    let masks = PruningRule(.magnitude, scope: .global).masks(of: weights, sparsity: 8.0 / 18)
    #expect(Self.removed(masks, 0) == Array(0..<6) && Self.removed(masks, 1) == [0, 1])
  }

  /// What is gone already counts before weights that happen to be 0, wherever these are.
  @Test func whatIsGoneComesBeforeZeros() {
    var (_, weights) = Self.chain([4, 5])
    weights[slot: 0] = Tensor(repeating: 0, [5, 4])
    var earlier = ParameterMasks(weights.tree)
    earlier[slot: 0] = Tensor([5, 4], (0..<20).map { $0 < 12 ? 1 : 0 })
    let masks = PruningRule(.magnitude).masks(of: weights, sparsity: 0.5, after: earlier)
    #expect(Self.removed(masks, 0) == [0, 1] + Array(12..<20))
  }

  /// A share is of all that may go, whether it has a mask or not.
  @Test func whatAShareIsOf() {
    let (_, weights) = Self.chain([2, 3, 4])
    var masks = ParameterMasks(weights.tree)
    masks[slot: 1] = Tensor([4, 3], (0..<12).map { $0 < 9 ? 0 : 1 })
    let rule = PruningRule(.magnitude)
    #expect(rule.share(removedBy: masks) == 9.0 / 18)
    #expect(rule.share(removedBy: ParameterMasks(weights.tree)) == 0)
  }

  /// By Taylor, the smallest |w · ∂L/∂w| go: by a sort.
  @Test func theLeastSalientGo() {
    let (model, weights) = Self.chain([5, 3, 2])
    let gradients = Gradients(
      ofLoss: model, weights, examples: .normal([4, 5], seed: 1), labels: [0, 1, 1, 0])
    var rule = PruningRule(.taylor)
    rule.gradients = gradients
    let products = zip(weights.values[0].elements, gradients[slot: 0].elements)
      .map { abs($0 * $1) }
    for count in 0...15 {
      let masks = rule.masks(of: weights, sparsity: Double(count) / 15)
      let least = products.indices.sorted { (products[$0], $0) < (products[$1], $1) }
      #expect(Self.removed(masks, 0) == least.prefix(count).sorted())
    }
  }

  /// The gradients of many examples, which are more than one pass takes, are the mean of theirs.
  @Test func gradientsOfManyExamples() {
    let (model, weights) = Self.chain([5, 3, 2])
    let count = 3 * Shards(for: model, batchSize: 10_000, lanes: 1).size
    let (x, labels) = (Tensor.normal([count, 5], seed: 1), (0..<count).map { $0 / 7 % 2 })
    func gradients(_ range: Range<Int>) -> [Float] {
      Gradients(
        ofLoss: model, weights, examples: x.sliced(0, range), labels: Array(labels[range]))[
          slot: 0
        ].elements
    }
    let all = gradients(0..<count)
    let parts = (0..<6).map { gradients($0 * count / 6..<($0 + 1) * count / 6) }
    for place in all.indices {
      let mean = parts.reduce(0) { $0 + $1[place] } / 6
      #expect(abs(all[place] - mean) < 1e-5)
    }
  }

  /// Vectors are not pruned, whatever kind they are of.
  @Test func vectorsStay() {
    struct Scaled: Model {
      let input: Shape = [3]
      let scale = Parameter([3], kind: .weight, initial: .ones)
      let fc = Linear(3, 3, bias: false)
      let shift = Parameter([3], kind: .head, initial: .ones)
      let head = Linear(3, 2, bias: false, kind: .head)
      func callAsFunction(_ x: Variable) -> Variable {
        head(fc(x * x.tape[scale]) * x.tape[shift])
      }
    }
    let tree = ParameterTree(Scaled())
    let names = ParameterSelection.prunable(head: true).slots(in: tree).map { tree.names[$0] }
    #expect(names == ["fc.weight", "head.weight"])
  }

  /// The warning is of matrices that may go, and that are the identity off the diagonal, too.
  @Test func whatIsAnIdentity() {
    var (_, weights) = Self.chain([2, 2, 2])
    weights[slot: 0] = Tensor([2, 2], [1, 0.5, 0.5, 1])
    weights[slot: 1] = Tensor([2, 2], [1, 0, 0, 1])
    var rule = PruningRule(.magnitude, scope: .global)
    #expect(
      rule.warning(for: weights)?.hasPrefix("layers.1.weight is close to the identity") == true)
    rule.selection = .named("layers.0.*")
    #expect(rule.warning(for: weights) == nil)
  }
}
