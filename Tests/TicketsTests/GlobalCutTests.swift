import Autodiff
import ConViT
import Pruning
import Testing
import Tickets

/// Cuts over all layers together, with and without floors.
@Suite struct GlobalCutTests {
  private struct Chain: Model {
    let input: Shape = [4]
    let first = Linear(4, 10), second = Linear(10, 10), third = Linear(10, 3)
    var parts: [Linear] { [first, second, third] }

    func callAsFunction(_ x: Variable) -> Variable { third(second(first(x)).relu()) }
  }

  private let model = Chain()
  private var tree: ParameterTree { ParameterTree(model) }

  /// Weights of which those of layer l are scaled by `scales[l]`.
  private func weights(_ scales: [Float]) -> ParameterStore {
    let start = ParameterStore(model, seed: 3)
    var scale = scales[...]
    return ParameterStore(
      start.tree,
      start.values.map { value in
        guard value.shape.rank > 1 else { return value }
        let factor = scale.removeFirst()
        return Tensor(value.shape, value.elements.map { $0 * factor })
      })
  }

  private func kept(_ masks: ParameterMasks) -> [Int] { masks.layers.map(\.kept) }

  /// Without floors, and nothing pruned before, it is the global rule.
  @Test func equalsTheGlobalRule() {
    let weights = weights([1, 1, 1])
    let cut = GlobalCut(floor: .none)
    let whole = cut.remaining(in: weights.tree)
    #expect(whole == 170)
    for count in [170, 169, 90, 3, 0] {
      let sparsity = 1 - Double(count) / Double(whole)
      let masks = cut.masks(keeping: count, of: weights, by: PruningRule(.magnitude))
      let rule = PruningRule(.magnitude, scope: .global).masks(of: weights, sparsity: sparsity)
      #expect(masks.values.map { $0?.elements } == rule.values.map { $0?.elements })
    }
  }

  /// The trap: of a layer with small weights nothing is left, but with a floor exactly the floor,
  /// and the number in all stays exact.
  @Test func floorsHold() {
    let weights = weights([1, 1e-3, 1])
    let bare = GlobalCut(floor: .none).masks(
      keeping: 40, of: weights, by: PruningRule(.magnitude))
    #expect(bare.emptyLayers == ["second.weight"] && kept(bare).reduce(0, +) == 40)
    let held = GlobalCut(floor: LayerFloor(share: 0.1, weights: 8)).masks(
      keeping: 40, of: weights, by: PruningRule(.magnitude))
    #expect(kept(held)[1] == 10 && kept(held).reduce(0, +) == 40 && held.emptyLayers.isEmpty)
    // The largest of a layer are those at its floor.
    let second = weights.values[weights.tree.slot(named: "second.weight")!].elements.map(abs)
    let limit = second.sorted(by: >)[9]
    let mask = held[slot: weights.tree.slot(named: "second.weight")!]!.elements
    #expect(zip(second, mask).allSatisfy { ($0 >= limit) == ($1 == 1) })
  }

  /// Floors are 1 % of a layer and eight weights, or all of it.
  @Test func floorSizes() {
    let floor = LayerFloor.standard
    #expect(floor.kept(of: 10_000) == 100 && floor.kept(of: 10_001) == 101)
    #expect(floor.kept(of: 500) == 8 && floor.kept(of: 5) == 5)
    #expect(LayerFloor.none.kept(of: 10_000) == 0)
    let cut = GlobalCut(floor: LayerFloor(share: 0, weights: 50))
    #expect(cut.least(in: ParameterTree(model)) == 40 + 50 + 30)
  }

  /// What went stays gone, also where weights that are kept are 0 and would tie with it.
  @Test func masksAreNested() {
    var weights = weights([1, 1, 1])
    let cut = GlobalCut(floor: .none)
    let slot = weights.tree.slot(named: "third.weight")!
    var zeros = weights.values[slot].elements
    for place in 20..<30 { zeros[place] = 0 }
    weights = ParameterStore(
      weights.tree,
      weights.values.enumerated().map { $0 == slot ? Tensor([3, 10], zeros) : $1 })
    var before = ParameterMasks(weights.tree)
    before[slot: slot] = Tensor([3, 10], (0..<30).map { $0 < 10 ? 0 : 1 })
    weights.apply(before)
    let left = cut.remaining(in: weights.tree, within: before)
    #expect(left == 160)
    let after = cut.masks(
      keeping: left - 4, of: weights, by: PruningRule(.magnitude), within: before)
    #expect(cut.remaining(in: weights.tree, within: after) == left - 4)
    let mask = after[slot: slot]!.elements
    #expect(mask[..<10].allSatisfy { $0 == 0 } && mask[10..<20].allSatisfy { $0 == 1 })
    #expect(mask[20..<30] == [0, 0, 0, 0, 1, 1, 1, 1, 1, 1], "of equal ones the first go")
  }

  /// Random masks keep as many, spread evenly.
  @Test func randomMasks() {
    let weights = weights([1, 1e-6, 1])
    let cut = GlobalCut(floor: LayerFloor(share: 0, weights: 8))
    let a = cut.masks(keeping: 85, of: weights, by: PruningRule(.random, seed: 1))
    let b = cut.masks(keeping: 85, of: weights, by: PruningRule(.random, seed: 2))
    #expect(kept(a).reduce(0, +) == 85 && (35...65).contains(kept(a)[1]))
    #expect(a.jaccard(b) < 0.6 && a.jaccard(a) == 1)
  }

  /// In one step, SynFlow is |θ · ∂R/∂θ| of the model of magnitudes: here by hand, for a chain in
  /// which R = Σ |third| relu(|second| (|first| 1 + |b₁|) + |b₂|) + |b₃|.
  @Test func synFlowOfAChain() {
    let weights = weights([1, 1, 1])
    func matrix(_ name: String) -> [[Double]] {
      let value = weights.values[weights.tree.slot(named: name)!]
      let columns = value.shape[1]
      return (0..<value.shape[0]).map { row in
        (0..<columns).map { Double(abs(value.elements[row * columns + $0])) }
      }
    }
    let (w1, w2, w3) = (matrix("first.weight"), matrix("second.weight"), matrix("third.weight"))
    let h1 = w1.map { $0.reduce(0, +) }  // inputs are ones, biases start at 0
    let back3 = (0..<10).map { j in w3.reduce(0) { $0 + $1[j] } }
    var flows: [Double] = []
    for i in 0..<10 {
      for j in 0..<10 { flows.append(back3[i] * w2[i][j] * h1[j]) }
    }
    let cut = GlobalCut(.named("second.weight"), floor: .none)
    let masks = cut.synFlow(keeping: 30, of: model, weights, steps: 1)
    let limit = flows.sorted(by: >)[29]
    let mask = masks[slot: weights.tree.slot(named: "second.weight")!]!.elements
    #expect(zip(flows, mask).allSatisfy { ($0 >= limit) == ($1 == 1) })
  }

  /// Step by step no layer is emptied where one step empties one (Tanaka et al., section 4).
  @Test func synFlowInSteps() {
    let weights = weights([1, 1, 1])
    let cut = GlobalCut(floor: .none)
    let masks = cut.synFlow(keeping: 12, of: model, weights)
    #expect(kept(masks).reduce(0, +) == 12 && masks.emptyLayers.isEmpty)
    let once = cut.synFlow(keeping: 12, of: model, weights, steps: 1)
    #expect(kept(masks) != kept(once))
  }
}
