import Testing

@testable import Autodiff

/// Dropout of the attention's elements, which the fused operator draws head by head.
@Suite struct AttentionDropoutTests {
  private let images = 3
  private let tokens = 5
  private let heads = 2
  private let d = 3
  private var width: Int { heads * d }
  private var inputs: [Tensor] {
    ["q", "k", "v"].map { tensor([images, tokens, width], $0, in: -2...2) }
      + [tensor([heads, tokens, tokens], "map"), tensor([heads], "gate")]
  }

  /// The value, and the derivatives by queries, keys, values, the map's logits and the gate's.
  private func run(
    _ pass: Pass, isGated: Bool, _ attention: ([Variable]) -> Variable
  ) -> [Tensor] {
    let tape = Tape(pass)
    let x = inputs.map(tape.variable)
    let y = attention(Array(x[..<3]) + (isGated ? [x[3].softmax(), x[4].sigmoid()] : []))
    var none = Gradients(tape.weights.tree)
    return [y.value] + tape.accumulateGradients(of: y.weighed(), into: &none, at: x)
  }

  private func fused(_ pass: Pass, isGated: Bool, rate: Float) -> [Tensor] {
    run(pass, isGated: isGated) { x in
      func all(_ x: Variable) -> Heads { Heads(x, count: heads, size: d) }
      return .attention(
        all(x[0]), all(x[1]), all(x[2]), position: isGated ? (x[3], x[4]) : nil, scale: 0.5,
        dropRate: rate)
    }
  }

  /// The factors that an attention draws which is the first operator of its tape.
  private func factors(_ pass: Pass, rate: Float) throws -> Tensor {
    let dropout = try #require(AttentionDropout(rate, images: images, on: Tape(pass)))
    let maps = (0..<images * heads).map {
      dropout.factors(image: $0 / heads, head: $0 % heads, tokens, tokens)
    }
    return Tensor.concatenated(maps, 0).reshaped([images, heads, tokens, tokens])
  }

  /// A · mask · V, the mask after the gate, from plain operators.
  @Test(arguments: [false, true]) func isThePlainCompositions(isGated: Bool) throws {
    let pass = sources(images)
    let mask = try factors(pass, rate: 0.4)
    let plain = run(Pass(), isGated: isGated) { x in
      func split(_ x: Variable) -> Variable {
        x.reshaped([images, tokens, heads, d]).permuted(0, 2, 1, 3)
      }
      var a = (0.5 * split(x[0]).matmul(split(x[1]), transposingOther: true)).softmax()
      if isGated {
        let gate = x[4].reshaped([heads, 1, 1])
        a = (1 - gate) * a + gate * x[3]
      }
      return (a * a.tape.constant(mask)).matmul(split(x[2]))
        .permuted(0, 2, 1, 3).reshaped([images, tokens, width])
    }
    for (a, b) in zip(fused(pass, isGated: isGated, rate: 0.4), plain) {
      let isZero = b.elements.allSatisfy { $0 == 0 }  // the gate's, where there is none
      #expect(isZero ? a == b : largestDifference(a, b) < 1e-5)
    }
  }

  @Test func dropsAsManyAsItSays() {
    let dropout = AttentionDropout(0.3, images: 4, on: Tape(sources(2)))
    let masks = (0..<8).compactMap { dropout?.factors(image: $0 / 2, head: $0 % 2, 50, 50) }
    let values = masks.flatMap(\.elements)
    #expect(Set(values) == [0, 1 / (1 - 0.3 as Float)])
    let share = Double(values.count { $0 == 0 }) / Double(values.count)
    #expect(abs(share - 0.3) < 4 * (0.21 / Double(values.count)).squareRoot())
    #expect(Set(masks.map(\.elements)).count == 8)  // no two heads or images alike
  }

  @Test func nothingIsDroppedOutsideOfTraining() {
    let whole = fused(Pass(), isGated: true, rate: 0)
    #expect(fused(Pass(), isGated: true, rate: 0.4) == whole)
    #expect(fused(sources(images), isGated: true, rate: 0) == whole)
  }
}
