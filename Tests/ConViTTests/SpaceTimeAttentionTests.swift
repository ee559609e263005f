import Autodiff
import Testing

@testable import ConViT

/// Each step of a block against one attention over all tokens of the clip, in which a mask forbids
/// what the step does not look at: with masks from the definitions, place by place.
struct SpaceTimeAttentionTests {
  private static let (frames, rows, columns) = (3, 5, 4)
  private static let patches = rows * columns
  private static let count = 1 + frames * patches  // with the class token, which is the first

  /// Where a token is; the class token is nowhere.
  private struct Place {
    let t, r, c: Int
    init?(_ token: Int) {
      guard token > 0 else { return nil }
      let patch = token - 1
      (t, r, c) = (patch / patches, patch % patches / columns, patch % columns)
    }
  }

  /// Whether `key` is in the window of half an axis around `query`.
  private static func isNear(_ query: Int, _ key: Int, of length: Int) -> Bool {
    let size = length / 2 + length % 2
    var first = query - size / 2
    if first < 0 { first = 0 }
    if first + size > length { first = length - size }
    return key >= first && key < first + size
  }

  /// Whom a patch looks at in a step; `token` says whether the class token is among them.
  private static func looks(_ step: String, _ query: Place, _ key: Place) -> Bool {
    switch step {
    case "space": query.t == key.t
    case "joint": true
    case "time": query.r == key.r && query.c == key.c
    case "rows": query.t == key.t && query.r == key.r
    case "columns": query.t == key.t && query.c == key.c
    case "local": isNear(query.r, key.r, of: rows) && isNear(query.c, key.c, of: columns)
    default: key.t % 2 == 0 && key.r % 2 == 0 && key.c % 2 == 0
    }
  }

  private static func mask(_ step: String) -> Tensor {
    .mask(queries: count, keys: count) { query, key in
      guard let key = Place(key) else { return step != "time" || query == 0 }
      guard let query = Place(query) else {
        return step == "global" ? looks(step, key, key) : step != "time"
      }
      return looks(step, query, key)
    }
  }

  /// An attention as a fold or a layout has it, [B, 1 + T·N, C] → [B, 1 + T·N or T·N, C].
  private func folded(_ step: String, _ attention: MHSA, _ x: Variable) -> Variable {
    let grid = ClipGrid(
      frames: Self.frames, patches: PatchGrid(rows: Self.rows, columns: Self.columns))
    let axes: [String: ClipFold.Axis] = [
      "space": .frames, "time": .time, "rows": .rows, "columns": .columns,
    ]
    if let axis = axes[step] {
      let fold = ClipFold(axis, of: grid, tokens: 1)
      return fold.unfolded(attention(fold.folded(x)))
    }
    if step == "joint" { return attention(x) }
    return SparseAttention(
      step == "local" ? .local : .global, attention, grid: grid, tokens: 1)(x)
  }

  private func masked(_ step: String, _ attention: MHSA, _ x: Variable) -> Variable {
    let (qkv, heads, width) = (attention.qkv(x), attention.heads, attention.proj.inputs)
    let y = Variable.attention(
      Heads(qkv, count: heads, of: width), Heads(qkv, from: width, count: heads, of: width),
      Heads(qkv, from: 2 * width, count: heads, of: width),
      bias: x.tape.constant(Self.mask(step)))
    return attention.proj(y)
  }

  /// Of `SparseAttention` all tokens are compared, of folds the patches: a fold gives the class
  /// token the mean of its copies.
  private func compared(_ step: String, _ y: Variable) -> Variable {
    if step == "local" || step == "global" || step == "joint" { return y }
    return y.shape[1] == Self.count ? y.sliced(1, 1..<Self.count) : y
  }

  @Test(arguments: ["space", "joint", "time", "rows", "columns", "local", "global"])
  func isAMaskedAttention(step: String) throws {
    let attention = MHSA(dim: 8, heads: 2, qkvBias: true)
    let weights = ParameterStore(attention, seed: 2)
    var random = Random(seed: 9)
    let shape = Shape(2, Self.count, 8)
    let x = Tensor(shape, (0..<shape.elementCount).map { _ in 8 * Float(random.uniform(-1, 1)) })

    func values(_ form: (String, MHSA, Variable) -> Variable) -> (Tensor, Gradients) {
      let tape = Tape(weights)
      let y = compared(step, form(step, attention, tape.constant(x)))
      return (y.value, tape.gradients(of: (y * y).sum()))
    }
    let (ours, gradients) = values(folded)
    let (theirs, expected) = values(masked)
    #expect(ours.shape == theirs.shape)
    #expect(distance(ours, theirs) < 1e-5)
    for name in weights.tree.names {
      let pair = (try #require(gradients[name]), try #require(expected[name]))
      #expect(distance(pair.0, pair.1) < 1e-5, "\(name)")
    }
    // The steps differ from each other by far more than that.
    if step != "joint" {
      let all = compared(step, folded("joint", attention, Tape(weights).constant(x)))
      let cut = all.shape[1] > ours.shape[1] ? all.sliced(1, 1..<Self.count) : all
      #expect(distance(ours, cut.value) > 1e-2)
    }
  }

  @Test(arguments: ["local", "global"]) func weightsToLookAtAreMasked(step: String) throws {
    let attention = MHSA(dim: 8, heads: 2)
    let grid = ClipGrid(
      frames: Self.frames, patches: PatchGrid(rows: Self.rows, columns: Self.columns))
    let sparse = SparseAttention(
      step == "local" ? .local : .global, attention, grid: grid, tokens: 1)
    let tape = Tape(ParameterStore(sparse, seed: 1))
    let elements = (0..<Self.count * 8).map { Float(($0 * 37) % 23) / 10 - 1 }
    let x = tape.constant(Tensor(Shape(1, Self.count, 8), elements))
    let map = try #require(sparse.attentionWeights(x)).value
    let qkv = attention.qkv(x)
    let theirs = Variable.attentionWeights(
      Heads(qkv, count: 2, of: 8), Heads(qkv, from: 8, count: 2, of: 8),
      bias: tape.constant(Self.mask(step)))
    #expect(map.shape == Shape(1, 2, Self.count, Self.count))
    #expect(distance(map, theirs.value) < 1e-6)
  }

  /// A block with its input as a parameter.
  private struct Fed: Module {
    let x: Parameter
    let block: SpaceTimeBlock
    func callAsFunction(_ tape: Tape) -> Variable { block(tape[x]) }
  }

  /// The derivatives of a block by its input and by each parameter, against differences.
  @Test(arguments: TimeSformerConfiguration.Scheme.allCases)
  func derivativesAreThoseOfDifferences(scheme: TimeSformerConfiguration.Scheme) throws {
    var c = ViTConfiguration(.vit, imageSize: 6, patchSize: 2, embedDim: 4, heads: 2)
    (c.imageWidth, c.depth, c.mlpRatio) = (4, 1, 2)
    let model = try TimeSformer(TimeSformerConfiguration(c, frames: 3, scheme: scheme))
    let tokens = scheme == .space ? 7 : 19
    let fed = Fed(
      x: Parameter([1, tokens, 4], kind: .weight, initial: .zeros), block: model.blocks[0])
    let tree = ParameterTree(fed)
    var random = Random(seed: 4)
    func drawn(_ shape: Shape) -> Tensor {
      Tensor(shape, (0..<shape.elementCount).map { _ in Float(random.uniform(-1, 1)) })
    }
    let start = ParameterStore(tree, tree.parameters.map { drawn($0.shape) })
    let weight = drawn([1, tokens, 4])
    func loss(_ weights: ParameterStore) -> Double {
      let y = fed(Tape(weights, .inference)).value
      return zip(y.elements, weight.elements).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let tape = Tape(start)
    let gradients = tape.gradients(of: (fed(tape) * tape.constant(weight)).sum())
    for (slot, name) in tree.names.enumerated() {
      let gradient = try #require(gradients[name])
      let scale = max(gradient.elements.map { abs($0) }.max() ?? 0, 0.1)
      for element in stride(from: 0, to: gradient.count, by: max(1, gradient.count / 5)) {
        func moved(_ step: Float) -> Double {
          var weights = start
          var values = weights[slot: slot].elements
          values[element] += step
          weights[slot: slot] = Tensor(gradient.shape, values)
          return loss(weights)
        }
        let difference = Float((moved(0.002) - moved(-0.002)) / 0.004)
        #expect(
          abs(difference - gradient.elements[element]) < 5e-3 * scale, "\(name) \(element)")
      }
    }
  }
}
