import Autodiff
import ConViT
import Testing

/// An attention that is not of this package, in a block and in a model.
@Suite struct OwnAttentionTests {
  /// No more than the function.
  struct Mine: Attention {
    let weight = Linear(8, 8, initial: .truncatedNormal(0.5))

    func callAsFunction(_ x: Variable) -> Variable {
      weight(x.mean(-2, keepingAxis: true)).tanh().broadcast(to: x.shape)
    }
  }

  /// All that can be written otherwise.
  struct Other: Attention {
    let lambda = Parameter([2], kind: .gate, initial: .zeros)
    var heads: Int { 2 }
    var kind: String { "other" }
    var gateLogits: Parameter? { lambda }

    func callAsFunction(_ x: Variable) -> Variable { fatalError("the other form is there") }

    func callAsFunction(
      _ x: Variable, first count: Int?, onto residual: Residual
    ) -> Variable { residual.value + 1 }

    func attentionWeights(_ x: Variable) -> Variable? {
      let n = x.shape[-2]
      return x.tape.constant(Tensor(repeating: 1 / Float(n), [x.shape[0], 2, n, n]))
    }
  }

  private static let input = Tensor([3, 5, 8], (0..<120).map { Float($0 * 37 % 101) / 50 - 1 })

  private func block(_ attention: any Attention, dropPath: Float = 0) -> Block {
    Block(dim: 8, attention: attention, mlp: MLP(8, hidden: 12), dropPath: dropPath)
  }

  @Test func itsFunctionIsCalled() throws {
    let block = block(Mine())
    let weights = ParameterStore(block, seed: 1)
    #expect(weights["attn.weight.weight"]?.shape == [8, 8])
    let x = Tape(weights).constant(Self.input)
    let y = x + block.attn(block.norm1(x))
    let expected = (y + block.mlp(block.norm2(y))).value
    #expect(distance(block(x).value, expected) < 1e-6)
    #expect(distance(block(x, first: 2).value, expected.sliced(1, 0..<2)) < 1e-6)
    let still = (x + block.mlp(block.norm2(x))).value  // if it were not called
    #expect(distance(block(x).value, still) > 1e-2)
  }

  /// A sample that stochastic depth drops goes around it.
  @Test func itIsDropped() {
    let block = block(Mine(), dropPath: 0.5)
    let weights = ParameterStore(block, seed: 1)
    let pass = Pass(randomness: (0..<3).map { Random(seed: 4).split($0) })
    let x = Tape(weights, pass).constant(Self.input)
    let dropped = block.attn(x, first: nil, onto: Residual(value: x, dropPath: 0.5)).value
    let plain = Tape(weights, pass).constant(Self.input)
    #expect(dropped == (plain + block.attn(plain).dropPath(0.5)).value)
    let kept = (0..<3).count { dropped.sliced(0, $0..<$0 + 1) != Self.input.sliced(0, $0..<$0 + 1) }
    #expect((1...2).contains(kept))
  }

  @Test func whatItWritesItselfIsCalled() throws {
    let block = block(Other())
    let weights = ParameterStore(block, seed: 1)
    let x = Tape(weights).constant(Self.input)
    let y = x + 1
    #expect(distance(block(x).value, (y + block.mlp(block.norm2(y))).value) < 1e-6)
    #expect(block.attn.attentionWeights(x)?.value[2, 1, 4, 4] == 0.2)
    #expect((block.attn.heads, block.attn.kind) == (2, "other"))
    #expect(block.attn.gates(weights) == [0.5, 0.5])
  }

  @Test func defaults() {
    let block = block(Mine())
    let weights = ParameterStore(block, seed: 1)
    let x = Tape(weights).constant(Self.input)
    #expect(block.attn.attentionWeights(x) == nil)
    #expect((block.attn.heads, block.attn.kind) == (1, "Mine"))
    #expect(block.attn.gateLogits == nil && block.attn.gates(weights) == nil)
  }

  /// In the place of a model's: it is differentiated, and its gates can be masked.
  @Test func inAModel() throws {
    var c = ViTConfiguration(.convit, imageSize: 8, patchSize: 4, embedDim: 8, heads: 2)
    (c.depth, c.localUpToLayer, c.classes) = (3, 2, 2)
    var model = try VisionTransformer(c)
    model.blocks[1].attn = Other()
    model.blocks[2].attn = Mine()
    let weights = ParameterStore(model, seed: 1)
    let tape = Tape(weights)
    let images = tape.constant(
      Tensor([2, 3, 8, 8], (0..<384).map { Float($0 * 31 % 97) / 48 - 1 }))
    let gradients = tape.gradients(of: model(images).crossEntropy(labels: [0, 1]).mean())
    let gradient = try #require(gradients["blocks.2.attn.weight.weight"])
    #expect(gradient.elements.contains { $0 != 0 })
    let masked = try model.masked(weights, by: TestMask(contentLayers: 2))
    #expect(masked["blocks.1.attn.lambda"]?.elements == [.infinity, .infinity])
  }
}
