import Autodiff
import Testing

struct ParameterSelectionTests {
  private struct Layer: Module {
    let weight = Parameter([3, 2], kind: .weight, initial: .ones)
    let bias = Parameter([3], kind: .bias, initial: .zeros)
  }
  private struct Model: Module {
    let blocks = [Layer(), Layer(), Layer()]
    let head = Parameter([2, 3], kind: .head, initial: .ones)
    let token = Parameter([1, 2], kind: .embedding, initial: .ones)
  }
  private let tree = ParameterTree(Model())

  private func names(_ selection: ParameterSelection) -> [String] {
    selection.slots(in: tree).map { tree.names[$0] }
  }

  @Test func patternsKindsAndTheirCombinations() {
    #expect(names(.none).isEmpty && names(.all) == tree.names)
    #expect(names(.named("blocks.1.*")) == ["blocks.1.weight", "blocks.1.bias"])
    #expect(names(.named("*bias", "head")).count == 4)
    #expect(names(.named("blocks.[02].weight")) == ["blocks.0.weight", "blocks.2.weight"])
    #expect(names(.named("blocks")).isEmpty && names(.named("BLOCKS.*")).isEmpty)
    #expect(names(.kind(.head, .embedding)) == ["head", "token"])
    #expect(names(!.kind(.weight, .bias)) == ["head", "token"])
    #expect(names(.matrices && .named("blocks.0.*")) == ["blocks.0.weight"])
    #expect(names(.named("head") || .named("blocks.2.bias")) == ["blocks.2.bias", "head"])
    #expect(names(.decaying) == names(.kind(.weight, .head)))
    #expect(names(ParameterSelection { $1.shape.elementCount == 6 && $0 != "head" }).count == 3)
    #expect(tree.elementCount(of: .kind(.bias)) == 9)
  }

  /// The answers for a tree are kept, and those for another are others.
  @Test func eachTreeHasItsAnswers() {
    let selection = ParameterSelection.named("weight")
    let layer = ParameterTree(Layer())
    for _ in 0..<2 {
      #expect(selection.slots(in: layer) == [0] && selection.slots(in: tree).isEmpty)
    }
  }
}
