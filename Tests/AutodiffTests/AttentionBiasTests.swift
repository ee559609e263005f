import Autodiff
import Testing

/// What is added to the scores of the fused attention, and its weights as values of their own,
/// against compositions of plain operators.
@Suite struct AttentionBiasTests {
  typealias Sizes = AttentionSizes
  typealias Position = (map: Variable, gate: Variable)

  static let sizes = [
    Sizes([2], 5, 5, heads: 1, of: 3), Sizes([3], 4, 7, heads: 3, of: 2),
    Sizes([2, 3], 4, 4, heads: 9, of: 2), Sizes([2, 1, 2], 5, 2, heads: 3, of: 1),
    Sizes([], 17, 17, heads: 4, of: 6), Sizes([1], 50, 50, heads: 9, of: 8),
    Sizes([], 330, 330, heads: 2, of: 3), Sizes([1], 340, 301, heads: 2, of: 4),  // in tiles
  ]

  /// A bias for each head, and one for all of them; without and with a position.
  @Test(arguments: sizes, [false, true]) func isAddedToTheScores(_ s: Sizes, isShared: Bool) {
    let bias = tensor([isShared ? 1 : s.heads, s.queries, s.keys], "bias", in: -2...2)
    for isGated in [false, true] {
      let fused = derivatives(s, bias, isGated: isGated, Self.fused)
      let plain = derivatives(s, bias, isGated: isGated) { parts, bias, position in
        s.plain(parts, bias: bias, position: position, scale: s.scale)
      }
      expectSame(fused, plain)
    }
  }

  /// −∞ forbids: the values and derivatives are those of the composition, zeros where forbidden.
  @Test(arguments: sizes.filter { $0.queries == $0.keys }) func masks(_ s: Sizes) {
    let mask = Tensor.mask(queries: s.queries, keys: s.keys) { query, key in key <= query }
    #expect(mask.shape == [1, s.queries, s.keys])
    #expect(mask[0, 0, 0] == 0 && (s.keys == 1 || mask[0, 0, 1] == -.infinity))
    for isGated in [false, true] {
      let fused = derivatives(s, mask, isGated: isGated, Self.fused)
      let plain = derivatives(s, mask, isGated: isGated) { parts, bias, position in
        s.plain(parts, bias: bias, position: position, scale: s.scale)
      }
      expectSame(fused, plain)
      for (place, limit) in mask.elements.enumerated() where limit == -.infinity {
        #expect(fused[4].elements[place] == 0)
      }
    }
  }

  /// A query that may look at nothing sees nothing, and no derivative goes through it; the others
  /// are as they are without it.
  @Test(arguments: [false, true]) func aRowOfNothing(isGated: Bool) {
    let s = Sizes([2], 4, 5, heads: 3, of: 2)
    let free = Tensor.mask(queries: 4, keys: 5) { _, _ in true }
    let mask = Tensor.mask(queries: 4, keys: 5) { query, _ in query != 1 }
    let all = derivatives(s, free, isGated: isGated, Self.fused)
    let masked = derivatives(s, mask, isGated: isGated, Self.fused)
    #expect(masked.allSatisfy { $0.elements.allSatisfy { $0.isFinite } })
    let (y, dq, dbias) = (masked[0], masked[1], masked[4])
    #expect(dq.sliced(1, 1..<2).elements.allSatisfy { $0 == 0 })
    #expect(dbias.sliced(1, 1..<2).elements.allSatisfy { $0 == 0 })
    for row in [0..<1, 2..<4] {
      #expect(y.sliced(1, row) == all[0].sliced(1, row))
      #expect(dq.sliced(1, row) == all[1].sliced(1, row))
    }
    guard isGated else {
      return #expect(y.sliced(1, 1..<2).elements.allSatisfy { $0 == 0 })
    }
    #expect(y.sliced(1, 1..<2).elements.allSatisfy { $0 != 0 })  // the position alone
  }

  /// The comparison notices a bias that is another head's, and one whose derivative is 1 % off.
  @Test func noticesADifference() {
    let s = Sizes([2], 4, 5, heads: 3, of: 2)
    let bias = tensor([3, 4, 5], "bias", in: -2...2)
    let right = derivatives(s, bias, isGated: true, Self.fused)
    let turned = derivatives(s, bias, isGated: true) { parts, bias, position in
      s.plain(
        parts, bias: bias.gathered(0, [1, 0, 2]), position: position, scale: s.scale)
    }
    #expect(largestDifference(turned[0], right[0]) > 1e-3)
    let scaled = derivatives(s, bias, isGated: true) { parts, bias, position in
      s.plain(
        parts, bias: 1.01 * bias - 0.01 * bias.detached(), position: position, scale: s.scale)
    }
    #expect(largestDifference(scaled[0], right[0]) < 1e-5)
    #expect(largestDifference(scaled[4], right[4]) > 1e-3)
  }

  /// A · V of the weights is what attention returns, with the same derivatives.
  @Test(arguments: sizes, [false, true]) func weightsTimesValues(_ s: Sizes, isGated: Bool) {
    let bias = tensor([1, s.queries, s.keys], "bias", in: -2...2)
    let fused = derivatives(s, bias, isGated: isGated, Self.fused)
    let composed = derivatives(s, bias, isGated: isGated) { parts, bias, position in
      let a = Variable.attentionWeights(parts[0], parts[1], bias: bias, position: position)
      #expect(a.shape == Shape(s.leading + [s.heads, s.queries, s.keys]))
      let folded = a.reshaped([s.leading.reduce(1, *), s.heads, s.queries, s.keys])
      return s.merged(folded.matmul(s.split(parts[2])))
    }
    expectSame(composed, fused, within: s.queries > 300 ? 1e-5 : 1e-6)  // tiles round otherwise
  }

  /// Queries and keys of one projection, as layers have them.
  @Test func weightsOfOneProjection() {
    let s = Sizes([2, 3], 5, 5, heads: 2, of: 3)
    let packed = tensor(s.shape(5, 2 * s.width + 1), "qk", in: -2...2)
    let results = [true, false].map { isFused in
      let tape = Tape()
      let x = tape.variable(packed)
      let (q, k) = (s.heads(x, from: 1), s.heads(x, from: s.width + 1))
      let a =
        isFused
        ? Variable.attentionWeights(q, k)
        : s.plainWeights(q, k, scale: s.scale).reshaped([2, 3, 2, 5, 5])
      var none = Gradients(tape.weights.tree)
      return [a.value] + tape.accumulateGradients(of: a.weighed(), into: &none, at: [x])
    }
    expectSame(results[0], results[1])
  }

  /// Values may have heads of another size than queries and keys.
  @Test func wideValues() {
    let s = Sizes([2], 4, 5, heads: 3, of: 2)
    let inputs = [
      tensor(s.shape(4, 6), "q", in: -2...2), tensor(s.shape(5, 6), "k", in: -2...2),
      tensor(s.shape(5, 15), "v", in: -2...2),
    ]
    let results = [true, false].map { isFused in
      let tape = Tape()
      let x = inputs.map(tape.variable)
      let parts = [s.heads(x[0]), s.heads(x[1]), Heads(x[2], count: 3, size: 5)]
      let y =
        isFused ? .attention(parts[0], parts[1], parts[2]) : s.plain(parts, scale: s.scale)
      var none = Gradients(tape.weights.tree)
      return [y.value] + tape.accumulateGradients(of: y.weighed(), into: &none, at: x)
    }
    #expect(results[0][0].shape == [2, 4, 15])
    expectSame(results[0], results[1])
  }

  // MARK: -

  /// The value, and the derivatives by queries, keys, values, the bias, the map's logits and the
  /// gates'.
  private func derivatives(
    _ s: Sizes, _ bias: Tensor, isGated: Bool,
    _ attention: ([Heads], _ bias: Variable, Position?) -> Variable
  ) -> [Tensor] {
    let tape = Tape()
    let inputs =
      [("q", s.queries), ("k", s.keys), ("v", s.keys)].map {
        tensor(s.shape($1, s.width), $0, in: -2...2)
      } + [bias]
      + (isGated
        ? [
          tensor([s.heads, s.queries, s.keys], "map", in: -2...2),
          tensor([s.heads], "gate", in: -2...2),
        ] : [])
    let x = inputs.map(tape.variable)
    let y = attention(
      x[..<3].map { s.heads($0) }, x[3], isGated ? (x[4].softmax(), x[5].sigmoid()) : nil)
    var none = Gradients(tape.weights.tree)
    return [y.value] + tape.accumulateGradients(of: y.weighed(), into: &none, at: x)
  }

  private static func fused(_ x: [Heads], _ bias: Variable, _ position: Position?) -> Variable {
    .attention(x[0], x[1], x[2], bias: bias, position: position)
  }

  private func expectSame(
    _ results: [Tensor], _ expected: [Tensor], within tolerance: Double = 1e-5,
    at location: SourceLocation = #_sourceLocation
  ) {
    #expect(results.count == expected.count, sourceLocation: location)
    for (index, (a, b)) in zip(results, expected).enumerated() {
      let isZero = b.elements.allSatisfy { abs($0) < 1e-6 }  // where 1 key leaves no choice
      let difference = isZero ? Double(a.elements.map(abs).max() ?? 0) : largestDifference(a, b)
      #expect(difference < tolerance, "result \(index)", sourceLocation: location)
    }
  }
}
