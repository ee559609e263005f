import Autodiff
import ConViT
import Testing

/// What the attentions of this package have in common, and what parameters they say they have.
@Suite struct LayerTests {
  private static let attentions = attentions(PatchGrid(rows: 2, columns: 3))
  private static func attentions(_ grid: PatchGrid) -> [any Attention] {
    [
      MHSA(dim: 8, heads: 2, qkvBias: true), GPSA(dim: 8, heads: 2, grid: grid, qkvBias: true),
      PSA(dim: 8, heads: 2, grid: grid, start: .random, qkvBias: true),
    ]
  }

  private static func input(_ shape: Shape) -> Tensor {
    Tensor(shape, (0..<shape.elementCount).map { Float($0 * 37 % 101) / 50 - 1 })
  }

  private static func values(_ attention: some Attention, _ x: Variable) -> Variable {
    switch attention {
    case let mhsa as MHSA: mhsa.qkv(x).sliced(-1, 16..<24)
    case let gpsa as GPSA: gpsa.v(x)
    default: (attention as! PSA).v(x)
    }
  }

  private static func projection(_ attention: some Attention) -> Linear {
    (attention as? MHSA)?.proj ?? (attention as? GPSA)?.proj ?? (attention as! PSA).proj
  }

  /// The weights are those of the output: proj(A · V) is what the layer returns. So many patches as
  /// the second grid has are attended to in tiles.
  @Test(arguments: [PatchGrid(rows: 2, columns: 3), PatchGrid(rows: 17, columns: 19)])
  func weightsAreOfTheOutput(_ grid: PatchGrid) throws {
    let n = grid.count
    for attention in Self.attentions(grid) {
      let tape = Tape(random(attention))
      let x = tape.constant(Self.input([3, n, 8]))
      let weights = try #require(attention.attentionWeights(x))
      #expect(weights.shape == [3, 2, n, n])
      for sum in weights.sum(-1).value.elements { #expect(abs(sum - 1) < 1e-5) }
      let v = Self.values(attention, x).reshaped([3, n, 2, 4]).permuted(0, 2, 1, 3)
      let y = weights.matmul(v).permuted(0, 2, 1, 3).reshaped([3, n, 8])
      #expect(distance(Self.projection(attention)(y).value, attention(x).value) < 1e-6)
    }
  }

  /// Dropout is not left out in silence where the map of positions would be.
  @Test func dropoutOfLongSequencesNeedsRandomNumbers() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      let grid = PatchGrid(rows: 17, columns: 19)
      let gpsa = GPSA(dim: 8, heads: 2, grid: grid, attnDropRate: 0.5)
      _ = try Shards(size: 1, lanes: 1).gradients(
        of: 1, at: ParameterStore(gpsa, seed: 0), on: WorkerPool(threads: 1), Pass()
      ) { samples, tape in
        let x = tape.constant(Tensor(repeating: 1, [samples.count, grid.count, 8]))
        return (gpsa(x).sum(-1).sum(-1), ())
      }
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("dropout: a rate of 0.5 in a training step without random numbers"))
  }

  /// Any leading axes: the same as one of all their indices.
  @Test(arguments: [[], [6], [2, 3], [1, 2, 3]] as [[Int]]) func leadingAxes(_ leading: [Int]) {
    let count = leading.reduce(1, *)
    for attention in Self.attentions {
      let tape = Tape(random(attention))
      let flat = Self.input(Shape([count, 6, 8]))
      let (x, y) = (
        tape.constant(flat.reshaped(Shape(leading + [6, 8]))), attention(tape.constant(flat))
      )
      #expect(attention(x).value == y.value.reshaped(x.shape))
      let weights = attention.attentionWeights(x)?.value
      #expect(weights?.shape == Shape(leading + [2, 6, 6]))
      #expect(
        weights?.elements == attention.attentionWeights(tape.constant(flat))?.value.elements)
    }
  }

  /// The first tokens alone, beside what goes around.
  @Test func firstTokens() {
    for attention in Self.attentions {
      let tape = Tape(random(attention))
      let x = tape.constant(Self.input([3, 6, 8]))
      let around = tape.constant(Self.input([3, 2, 8]))
      let first = attention(x, first: 2, onto: Residual(value: around))
      #expect(distance(first.value, (around + attention(x).sliced(1, 0..<2)).value) < 1e-6)
    }
  }

  @Test func kindsAndGates() throws {
    #expect(Self.attentions.map(\.kind) == ["mhsa", "gpsa", "psa"])
    #expect(Self.attentions.map { $0.gateLogits != nil } == [false, true, false])
    let gpsa = GPSA(dim: 8, heads: 2, grid: PatchGrid(rows: 2, columns: 3), gateStart: 1)
    let gates = try #require(gpsa.gates(ParameterStore(gpsa, seed: 0)))
    #expect(gates.count == 2 && gates.allSatisfy { abs($0 - 0.7310585786300049) < 1e-15 })
    let mhsa = MHSA(dim: 8, heads: 2)
    #expect(mhsa.gates(ParameterStore(mhsa, seed: 0)) == nil)
  }

  /// A position's weights are of a kind of their own, which decays as any matrix does.
  @Test func positionsAreAKind() {
    for attention in Self.attentions.dropFirst() {
      let tree = tree(attention)
      let positions = tree.parameters.indices.filter { tree.parameters[$0].kind == .position }
      #expect(positions.map { tree.names[$0] } == ["pos_proj.weight"])
      #expect(ParameterSelection.decaying.slots(in: tree).contains(positions))
    }
  }

  /// The activation of an MLP is what it is given, and GELU otherwise.
  @Test func activations() {
    let plain = MLP(4, hidden: 6)
    let weights = ParameterStore(plain, seed: 3)
    let x = Tape(weights).constant(Self.input([2, 4]))
    #expect(distance(plain(x).value, plain.fc2(plain.fc1(x).gelu()).value) < 1e-6)
    let other = MLP(4, hidden: 6) { $0.relu() }
    let z = Tape(ParameterStore(other, seed: 3)).constant(Self.input([2, 4]))
    #expect(ParameterStore(other, seed: 3).tree.names == weights.tree.names)
    #expect(other(z).value == other.fc2(other.fc1(z).relu()).value)
    #expect(other(z).value != plain(x).value)
  }

  @Test func headsAreOfEqualSize() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { _ = MHSA(dim: 30, heads: 4) }
    let message = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(message.contains("MHSA: 30 features cannot be divided among 4 heads"))
  }

  private func tree(_ attention: some Attention) -> ParameterTree { ParameterTree(attention) }

  /// Weights large enough for heads to differ.
  private func random(_ attention: some Attention) -> ParameterStore {
    var weights = ParameterStore(attention, seed: 0)
    for slot in weights.values.indices {
      weights[slot: slot] = Tensor(
        weights.values[slot].shape,
        (0..<weights.values[slot].count).map { Float(($0 * 29 + slot * 7) % 47) / 40 - 0.6 })
    }
    return weights
  }
}
