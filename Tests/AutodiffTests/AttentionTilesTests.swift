import Testing

@testable import Autodiff

/// The attention of long sequences, beyond what those of `AttentionTests` and `AttentionBiasTests`
/// show of it.
@Suite struct AttentionTilesTests {
  private let s = AttentionSizes([2], 350, 300, heads: 2, of: 3)

  private func inputs(_ s: AttentionSizes) -> [Tensor] {
    [("q", s.queries), ("k", s.keys), ("v", s.keys)].map {
      tensor(s.shape($1, s.width), $0, in: -2...2)
    }
  }

  /// The value, and the derivatives by queries, keys and values.
  private func run(
    _ s: AttentionSizes, _ pass: Pass, _ attention: ([Heads]) -> Variable
  ) -> [Tensor] {
    let tape = Tape(pass)
    let x = inputs(s).map(tape.variable)
    let y = attention(x.map { s.heads($0) })
    var none = Gradients(tape.weights.tree)
    return [y.value] + tape.accumulateGradients(of: y.weighed(), into: &none, at: x)
  }

  private func fused(_ s: AttentionSizes, _ pass: Pass, rate: Float = 0) -> [Tensor] {
    run(s, pass) { .attention($0[0], $0[1], $0[2], dropRate: rate) }
  }

  /// The factors that the first operator of a tape draws, [B, H, Nq, Nk].
  private func factors(_ pass: Pass, rate: Float) throws -> Tensor {
    let dropout = try #require(AttentionDropout(rate, images: 2, on: Tape(pass)))
    let maps = (0..<4).map { map in
      let tiles = AttentionTiles.parts(0..<s.keys, atMost: AttentionTiles.keys).map {
        dropout.factors(image: map / 2, head: map % 2, 0..<s.queries, $0)
      }
      #expect(tiles.count > 1)
      return Tensor.concatenated(tiles, 1)
    }
    return Tensor.concatenated(maps, 0).reshaped([2, 2, s.queries, s.keys])
  }

  @Test func dropsAsThePlainCompositionDoes() throws {
    let pass = sources(2)
    let mask = try factors(pass, rate: 0.4)
    let values = Set(mask.elements)
    #expect(values == [0, 1 / (1 - 0.4 as Float)])
    let share = Double(mask.elements.count { $0 == 0 }) / Double(mask.count)
    #expect(abs(share - 0.4) < 0.01)
    let plain = run(s, Pass()) { parts in
      let a = s.plainWeights(parts[0], parts[1], scale: s.scale)
      return s.merged((a * a.tape.constant(mask)).matmul(s.split(parts[2])))
    }
    for (a, b) in zip(fused(s, pass, rate: 0.4), plain) { #expect(largestDifference(a, b) < 1e-5) }
  }

  /// A row's sums depend on no other, so not on how rows are cut for threads.
  @Test func theSameBitsForAnyNumberOfThreads() {
    let inputs = inputs(s)
    let results = [1, 2, 3].map { threads in
      let tape = Tape(.none, .inference, shared: nil, pool: WorkerPool(threads: threads))
      let x = inputs.map { s.heads(tape.constant($0)) }
      return Variable.attention(x[0], x[1], x[2]).value
    }
    #expect(results[0] == results[1] && results[0] == results[2])
    #expect(results[0] == fused(s, Pass())[0])
  }

  /// Scores so large that their exponentials are no floats, in tiles that come later.
  @Test func largeScoresDoNotOverflow() {
    let s = AttentionSizes([], 330, 330, heads: 1, of: 2)
    let tape = Tape()
    var keys = Tensor(repeating: 0.5, [330, 2])
    keys.withUnsafeMutableBufferPointer { $0[2 * 329] = 400 }
    let q = tape.constant(Tensor(repeating: 1, [330, 2]))
    let v = tape.constant(tensor([330, 2], "v"))
    let y = Variable.attention(
      s.heads(q), s.heads(tape.constant(keys)), s.heads(v), scale: 1
    ).value
    for row in [0, 100, 329] { #expect(y[row, 0] == v.value[329, 0]) }
  }

  /// Queries that may look at nothing, or at keys of the last tile alone.
  @Test func forbiddenTiles() {
    let s = AttentionSizes([], 330, 330, heads: 1, of: 2)
    let tape = Tape()
    let x = inputs(s).map(tape.variable)
    let mask = Tensor.mask(queries: 330, keys: 330) { query, key in
      query == 7 ? false : query == 8 ? key == 329 : true
    }
    let bias = tape.variable(mask)
    let y = Variable.attention(s.heads(x[0]), s.heads(x[1]), s.heads(x[2]), bias: bias)
    #expect(y.value[7, 0] == 0 && y.value[7, 1] == 0)
    #expect(y.value[8, 0] == x[2].value[329, 0] && y.value[8, 1] == x[2].value[329, 1])
    var none = Gradients(tape.weights.tree)
    let derivatives = tape.accumulateGradients(of: y.weighed(), into: &none, at: x + [bias])
    #expect(derivatives.allSatisfy { $0.elements.allSatisfy(\.isFinite) })
    #expect(derivatives[0][7, 0] == 0 && derivatives[0][8, 0] == 0)
    #expect((0..<330).allSatisfy { derivatives[3][0, 7, $0] == 0 })
  }
}
