import Autodiff
import Testing

/// The fused attention against its composition from plain operators.
@Suite struct AttentionTests {
  typealias Sizes = AttentionSizes

  static let sizes = [
    Sizes([2], 5, 5, heads: 1, of: 3), Sizes([1], 1, 1, heads: 3, of: 4),
    Sizes([3], 4, 7, heads: 3, of: 2), Sizes([2], 6, 1, heads: 4, of: 5),
    Sizes([2], 1, 9, heads: 4, of: 3), Sizes([2, 3], 4, 4, heads: 9, of: 2),
    Sizes([2, 2], 3, 5, heads: 4, of: 4), Sizes([2, 1, 2], 5, 2, heads: 3, of: 1),
    Sizes([], 17, 17, heads: 4, of: 6), Sizes([1], 50, 50, heads: 9, of: 8),
    Sizes([], 330, 330, heads: 2, of: 3), Sizes([1], 340, 301, heads: 2, of: 4),  // in tiles
  ]

  /// Queries, keys and values in projections of their own, of which they are a part.
  @Test(arguments: sizes) func separateProjections(_ s: Sizes) {
    let inputs = [
      tensor(s.shape(s.queries, s.width + 1), "q", in: -2...2),
      tensor(s.shape(s.keys, s.width), "k", in: -2...2),
      tensor(s.shape(s.keys, s.width + 2), "v", in: -2...2),
    ]
    compare(inputs, s) { x in [s.heads(x[0], from: 1), s.heads(x[1]), s.heads(x[2])] }
  }

  /// Queries and keys in one projection, values in another, as GPSA has them.
  @Test(arguments: sizes.filter { $0.queries == $0.keys }) func sharedProjection(_ s: Sizes) {
    let inputs = [
      tensor(s.shape(s.keys, 2 * s.width), "qk", in: -2...2),
      tensor(s.shape(s.keys, s.width), "v", in: -2...2),
    ]
    compare(inputs, s) { x in
      [s.heads(x[0]), s.heads(x[0], from: s.width), s.heads(x[1])]
    }
  }

  /// All in one projection, as MHSA has them, in another order, and with columns nobody uses.
  @Test(arguments: sizes.filter { $0.queries == $0.keys }) func packedProjection(_ s: Sizes) {
    let packed = tensor(s.shape(s.keys, 3 * s.width), "qkv", in: -2...2)
    compare([packed], s) { x in
      [s.heads(x[0]), s.heads(x[0], from: s.width), s.heads(x[0], from: 2 * s.width)]
    }
    compare([packed], s) { x in
      [s.heads(x[0], from: 2 * s.width), s.heads(x[0]), s.heads(x[0], from: s.width)]
    }
    let wide = tensor(s.shape(s.keys, 3 * s.width + 3), "wide", in: -2...2)
    compare([wide], s) { x in
      [
        s.heads(x[0], from: 1), s.heads(x[0], from: s.width + 1),
        s.heads(x[0], from: 2 * s.width + 2),
      ]
    }
  }

  /// Columns that are queries, keys and values at once, in whole or in part.
  @Test(arguments: sizes.filter { $0.queries == $0.keys }) func overlappingColumns(_ s: Sizes) {
    let one = tensor(s.shape(s.keys, s.width), "one", in: -2...2)
    compare([one], s) { x in [s.heads(x[0]), s.heads(x[0]), s.heads(x[0])] }
    let two = tensor(s.shape(s.keys, s.width + 1), "two", in: -2...2)
    compare([two], s) { x in
      [s.heads(x[0]), s.heads(x[0], from: 1), s.heads(x[0], from: 1)]
    }
  }

  /// The comparison notices a scale that is 1 % off and a gate that is another head's.
  @Test func noticesADifference() {
    let s = Sizes([2], 4, 5, heads: 3, of: 2)
    let inputs = [s.queries, s.keys, s.keys].enumerated().map {
      tensor(s.shape($1, s.width), "\($0)", in: -2...2)
    }
    let position = (tensor([3, 4, 5], "map"), tensor([3], "gate"))
    let right = derivatives(inputs, position, s, Self.plain) { $0.map { s.heads($0) } }
    let scaled = derivatives(
      inputs, position, s, { Self.plain($0, $1, 1.01 * $2, $3) }, { $0.map { s.heads($0) } })
    let turned = derivatives(
      inputs, position, s,
      { parts, s, scale, position in
        Self.plain(parts, s, scale, position.map { ($0.map, $0.gate.gathered(0, [1, 0, 2])) })
      }, { $0.map { s.heads($0) } })
    for (wrong, unchanged) in [(scaled, 1), (turned, 0)] {  // the map's derivative has no scale
      let differences = zip(wrong, right).map { largestDifference($0, $1) }
      #expect(differences.count { $0 < 1e-4 } == unchanged, "\(differences)")
    }
  }

  // MARK: -

  typealias Position = (map: Variable, gate: Variable)
  typealias Attention = ([Heads], Sizes, _ scale: Float, Position?) -> Variable

  /// Expects values and all derivatives of both to agree, without and with a position.
  private func compare(
    _ inputs: [Tensor], _ s: Sizes, at location: SourceLocation = #_sourceLocation,
    _ columns: ([Variable]) -> [Heads]
  ) {
    let position = (
      tensor([s.heads, s.queries, s.keys], "map", in: -2...2), tensor([s.heads], "gate", in: -2...2)
    )
    for position in [nil, position] {
      let fused = derivatives(inputs, position, s, Self.fused, columns)
      let plain = derivatives(inputs, position, s, Self.plain, columns)
      for (index, (a, b)) in zip(fused, plain).enumerated() {
        let isZero = b.elements.allSatisfy { abs($0) < 1e-6 }  // where 1 key leaves no choice
        let difference = isZero ? Double(a.elements.map(abs).max() ?? 0) : largestDifference(a, b)
        #expect(difference < 1e-5, "result \(index)", sourceLocation: location)
      }
    }
  }

  /// The value, and the derivatives by the projections, the map's logits and the gates'.
  private func derivatives(
    _ inputs: [Tensor], _ position: (Tensor, Tensor)?, _ s: Sizes, _ attention: Attention,
    _ columns: ([Variable]) -> [Heads]
  ) -> [Tensor] {
    let tape = Tape()
    let projections = inputs.map(tape.variable)
    let extra = position.map { [tape.variable($0.0), tape.variable($0.1)] } ?? []
    let y = attention(
      columns(projections), s, s.scale,
      extra.isEmpty ? nil : (extra[0].softmax(), extra[1].sigmoid()))
    var none = Gradients(tape.weights.tree)
    return [y.value]
      + tape.accumulateGradients(of: y.weighed(), into: &none, at: projections + extra)
  }

  private static func fused(
    _ parts: [Heads], _ s: Sizes, _ scale: Float, _ position: Position?
  ) -> Variable { .attention(parts[0], parts[1], parts[2], position: position, scale: scale) }

  private static func plain(
    _ parts: [Heads], _ s: Sizes, _ scale: Float, _ position: Position?
  ) -> Variable { s.plain(parts, position: position, scale: scale) }
}
