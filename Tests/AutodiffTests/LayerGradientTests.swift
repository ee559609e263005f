import Autodiff
import Testing

/// Matrix products, attention, norms, dropout and losses by finite differences.
@Suite struct LayerGradientTests {
  @Test(arguments: products + attentions + norms + random + losses)
  func agreesWithDifferences(_ operation: GradientCase) {
    #expect(operation.largestError < gradientTolerance)
  }

  static let products =
    [
      GradientCase("A · B", [2, 3], [3, 4]) { $0[0].matmul($0[1]) },
      GradientCase("Aᵀ · B", [3, 2], [3, 4]) { $0[0].matmul($0[1], transposingSelf: true) },
      GradientCase("A · Bᵀ", [2, 3], [4, 3]) { $0[0].matmul($0[1], transposingOther: true) },
      GradientCase("Aᵀ · Bᵀ", [3, 2], [4, 3]) {
        $0[0].matmul($0[1], transposingSelf: true, transposingOther: true)
      },
      GradientCase("A · Aᵀ", [2, 3]) { $0[0].matmul($0[0], transposingOther: true) },
    ]
    + [
      ("batched", [2, 2, 3], [2, 3, 2]), ("two leading axes", [2, 2, 1, 3], [2, 2, 3, 2]),
      ("one matrix for all", [2, 2, 3], [3, 2]), ("all against one matrix", [2, 3], [2, 3, 2]),
      ("leading axis of size 1", [2, 1, 2, 3], [1, 3, 3, 2]),
    ].flatMap { (name: String, a: Shape, b: Shape) in
      [
        GradientCase("A · B, \(name)", a, b) { $0[0].matmul($0[1]) },
        GradientCase("Bᵀ · Aᵀ, \(name)", a, b) {
          $0[1].matmul($0[0], transposingSelf: true, transposingOther: true)
        },
        GradientCase("transposed A · B, \(name)", a, b) {
          swapped($0[0]).matmul($0[1], transposingSelf: true)
        },
        GradientCase("A · transposed B, \(name)", a, b) {
          $0[0].matmul(swapped($0[1]), transposingOther: true)
        },
      ]
    }
    + [
      GradientCase("linear onto a residual", [3, 2, 4], [5, 4], [5], [3, 2, 5]) {
        $0[0].linear($0[1], bias: $0[2], onto: $0[3])
      },
      GradientCase("linear", [2, 3, 4], [5, 4], [5]) { $0[0].linear($0[1], bias: $0[2]) },
      GradientCase("linear without bias", [3, 4], [5, 4]) { $0[0].linear($0[1]) },
      GradientCase("linear of one row", [4], [5, 4], [5]) { $0[0].linear($0[1], bias: $0[2]) },
      GradientCase("linear, a convolution's weight", [2, 2, 12], [3, 3, 2, 2], [3]) {
        $0[0].linear($0[1], bias: $0[2])
      },
      GradientCase("linear, tied", [3, 4], [4, 4], [4]) {
        $0[0].linear($0[1], bias: $0[2]).tanh().linear($0[1], bias: $0[2])
      },
      GradientCase("linear beside a residual", [3, 4], [4, 4]) { $0[0] + $0[0].linear($0[1]) },
    ]

  /// The last two axes exchanged.
  @Sendable static func swapped(_ x: Variable) -> Variable {
    switch x.shape.rank {
    case 2: x.permuted(1, 0)
    case 3: x.permuted(0, 2, 1)
    default: x.permuted(0, 1, 3, 2)
    }
  }

  static let attentions = [
    GradientCase("self-attention, packed", [2, 3, 12]) { x in
      .attention(two(x[0]), two(x[0], from: 4), two(x[0], from: 8), scale: 0.7)
    },
    GradientCase("gated", [2, 3, 8], [2, 3, 4], [2, 3, 3], [2]) { x in
      .attention(
        two(x[0]), two(x[0], from: 4), two(x[1]), position: (x[2].softmax(), x[3].sigmoid()),
        scale: 0.7)
    },
    GradientCase("gated, the map and the gate as they are", [1, 2, 4], [2, 2, 2], [2]) { x in
      .attention(two(x[0]), two(x[0]), two(x[0]), position: (x[1], x[2]), scale: 0.7)
    },
    GradientCase("2 queries, 3 keys", [2, 2, 4], [2, 3, 8], [2, 2, 3], [2]) { x in
      .attention(
        two(x[0]), two(x[1]), two(x[1], from: 4), position: (x[2].softmax(), x[3].sigmoid()),
        scale: 0.7)
    },
    GradientCase("biased", [2, 2, 4], [2, 3, 8], [2, 2, 3]) { x in
      .attention(two(x[0]), two(x[1]), two(x[1], from: 4), bias: x[2])
    },
    GradientCase("biased and gated", [2, 3, 4], [1, 3, 3], [2, 3, 3], [2]) { x in
      .attention(two(x[0]), two(x[0]), two(x[0]), bias: x[1], position: (x[2], x[3]))
    },
    GradientCase("weights", [2, 2, 4], [2, 3, 8], [2, 2, 3], [2, 2, 3], [2]) { x in
      .attentionWeights(two(x[0]), two(x[1]), bias: x[2], position: (x[3], x[4]))
    },
    GradientCase("a token with itself", [2, 1, 4]) { x in
      .attention(two(x[0]), two(x[0]), two(x[0]), scale: 1)
    },
    GradientCase("queries, keys and values are one", [2, 3, 4]) { x in
      .attention(two(x[0]), two(x[0]), two(x[0]), scale: 0.7)
    },
    GradientCase("columns that nobody uses", [2, 3, 9]) { x in
      func one(_ first: Int) -> Heads { Heads(x[0], from: first, count: 1, size: 2) }
      return .attention(one(1), one(3), one(6), scale: 0.7)
    },
    GradientCase("only values ask", [2, 3, 4]) { x in
      let constant = x[0].tape.constant(tensor([2, 3, 8], "constant"))
      return .attention(two(constant), two(constant, from: 4), two(x[0]), scale: 0.7)
    },
    GradientCase("only the bias asks", [1, 3, 3]) { x in
      let constant = two(x[0].tape.constant(tensor([2, 3, 4], "constant")))
      return .attention(constant, constant, constant, bias: x[0])
    },
  ]

  /// Two heads of two columns.
  @Sendable static func two(_ x: Variable, from first: Int = 0) -> Heads {
    Heads(x, from: first, count: 2, size: 2)
  }

  static let norms = [
    GradientCase("softmax", [3, 5]) { $0[0].softmax() },
    GradientCase("softmax with scale", [2, 2, 5]) { $0[0].softmax(scale: -1.7) },
    GradientCase("softmax of the first axis", [3, 2, 4]) { $0[0].softmax(0, scale: 1.5) },
    GradientCase("log softmax", [3, 5]) { $0[0].logSoftmax() },
    GradientCase("log softmax of columns", [3, 5]) { $0[0].logSoftmax(-2) },
    GradientCase("layer norm", [2, 2, 5], [5], [5]) { $0[0].layerNorm($0[1], bias: $0[2]) },
    GradientCase("layer norm, large ε", [3, 5], [5], [5]) {
      $0[0].layerNorm($0[1], bias: $0[2], epsilon: 0.5)
    },
    GradientCase("layer norm beside a residual", [3, 5], [5], [5]) {
      $0[0] + $0[0].layerNorm($0[1], bias: $0[2])
    },
    GradientCase("layer norm of a constant", [5], [5]) { x in
      x[0].tape.constant(tensor([3, 5], "rows")).layerNorm(x[0], bias: x[1])
    },
  ]

  static let random = [
    GradientCase("dropout", [3, 4, 2], pass: sources(3)) { $0[0].dropout(0.4) },
    GradientCase("dropout, samples of two rows", [4, 5], pass: sources(2)) { $0[0].dropout(0.4) },
    GradientCase("dropout twice", [3, 8], pass: sources(3)) {
      $0[0].dropout(0.3) * $0[0].dropout(0.3)
    },
    GradientCase("drop path", [6, 2, 3], pass: sources(6)) { $0[0].dropPath(0.4) },
    GradientCase("dropout in evaluation", [3, 4]) { $0[0].dropout(0.4).dropPath(0.4) },
  ]

  static let losses = [
    GradientCase("cross-entropy on distributions", [3, 4]) {
      $0[0].crossEntropy($0[0].tape.constant(tensor([3, 4], "targets")).softmax().value)
    },
    GradientCase("cross-entropy on any weights", [3, 4]) {
      $0[0].crossEntropy(tensor([3, 4], "targets"))
    },
    GradientCase("cross-entropy on labels", [3, 4]) { $0[0].crossEntropy(labels: [0, 3, 2]) },
    GradientCase("binary cross-entropy", [3, 4], in: -3...3) {
      $0[0].binaryCrossEntropy(tensor([3, 4], "targets", in: 0...1))
    },
    GradientCase("cross-entropy, smoothed", [3, 4]) {
      $0[0].crossEntropy(labels: [0, 3, 2], smoothing: 0.1)
    },
  ]

  /// Dropped elements are zero and the others scaled; samples draw from sources of their own.
  @Test func dropoutDependsOnTheSampleAlone() {
    let (x, rate) = (Tensor(repeating: 1, [8, 50]), Float(0.25))
    let all = Tape(sources(8)).constant(x).dropout(rate).value
    let kept = 1 / (1 - rate)
    #expect(all.elements.allSatisfy { $0 == 0 || $0 == kept })
    let dropped = all.elements.filter { $0 == 0 }.count
    #expect((60...140).contains(dropped))  // 100 expected, σ = 8.7
    let part = Tape(Pass(randomness: (2..<5).map { Random(seed: 5).split($0) }))
      .constant(Tensor(repeating: 1, [3, 50])).dropout(rate).value
    #expect(part == all.sliced(0, 2..<5))

    let paths = Tape(sources(8)).constant(x).dropPath(rate).value.elements
    for sample in 0..<8 { #expect(Set(paths[sample * 50..<sample * 50 + 50]).count == 1) }
    #expect(Set(paths) == [0, kept])
  }

  /// Two operators of one pass draw different numbers.
  @Test func operatorsDrawApart() {
    let x = Tape(sources(2)).constant(Tensor(repeating: 1, [2, 100]))
    #expect(x.dropout(0.5).value != x.dropout(0.5).value)
  }
}
