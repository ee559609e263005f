import Testing

@testable import Autodiff

/// Names, order, tied weights and the start of parameters.
@Suite struct ParameterTests {
  struct Layer: Module {
    let weight: Parameter
    let bias: Parameter?
    let size: Int

    init(_ size: Int, bias: Bool = true, kind: Parameter.Kind = .weight) {
      weight = Parameter([size, size], kind: kind, initial: .truncatedNormal(1))
      self.bias = bias ? Parameter([size], kind: .bias, initial: .uniform(1)) : nil
      self.size = size
    }
  }

  protocol Part: Module {}
  struct Left: Part { let fc1 = Layer(2) }
  struct Right: Part { let posProj = Layer(3, bias: false) }

  struct Model: Module {
    let clsToken = Parameter([1, 1, 4], kind: .embedding, initial: .zeros)
    let blocks: [any Part] = [Left(), Right(), Left()]
    let norm: Layer?
    let head: Layer? = nil
    let pairs = [[Layer(1)], [], [Layer(2), Layer(3, bias: false)]]
    let loose = [Parameter([2], kind: .gate, initial: .ones)]
    let rate = 0.5
    let names = ["weight"]

    init(norm: Bool = true) { self.norm = norm ? Layer(2) : nil }
  }

  @Test func namesFollowTheProperties() {
    #expect(
      ParameterTree(Model()).names == [
        "cls_token", "blocks.0.fc1.weight", "blocks.0.fc1.bias", "blocks.1.pos_proj.weight",
        "blocks.2.fc1.weight", "blocks.2.fc1.bias", "norm.weight", "norm.bias", "pairs.0.0.weight",
        "pairs.0.0.bias", "pairs.2.0.weight", "pairs.2.0.bias", "pairs.2.1.weight", "loose.0",
      ])
    #expect(!ParameterTree(Model(norm: false)).names.contains { $0.hasPrefix("norm") })
  }

  @Test func snakeCase() {
    for (name, expected) in [
      ("weight", "weight"), ("gatingParam", "gating_param"), ("fc1", "fc1"),
      ("posProj2d", "pos_proj2d"), ("aBC", "a_b_c"),
    ] {
      #expect(snakeCased(name) == expected)
    }
  }

  @Test func countsAndSlots() throws {
    let model = Model(norm: false)
    let tree = ParameterTree(model)
    #expect(tree.count == 12)
    #expect(tree.elementCount == 4 + 6 + 9 + 6 + 2 + 6 + 9 + 2)
    #expect(tree.slot(named: "loose.0") == tree.slot(of: model.loose[0]))
    #expect(tree.slot(named: "loose") == nil)
    #expect(tree.parameters[try #require(tree.slot(named: "loose.0"))].kind == .gate)
  }

  // MARK: - Tied weights

  struct Tied: Module {
    let encoder: Layer
    let middle = Layer(2)
    let decoder: Layer

    init() {
      encoder = Layer(3)
      decoder = encoder
    }
  }

  @Test func tiedWeightsAreOneParameter() {
    let model = Tied()
    let tree = ParameterTree(model)
    #expect(
      tree.names == ["encoder.weight", "encoder.bias", "middle.weight", "middle.bias"])
    #expect(tree.slot(of: model.decoder.weight) == 0)
    var store = ParameterStore(tree, seed: 0)
    store[model.decoder.weight] = Tensor(repeating: 2, [3, 3])
    #expect(store["encoder.weight"] == Tensor(repeating: 2, [3, 3]))
  }

  // MARK: - Start

  struct Forward: Module {
    let a = Layer(3)
    let b = Layer(3)
  }
  struct Backward: Module {
    let b = Layer(3)
    let extra = Layer(5)
    let a = Layer(3)
  }

  /// A parameter starts as its name and the seed say, whatever stands before it.
  @Test func theStartDependsOnNameAndSeed() throws {
    let (forward, backward) = (
      ParameterStore(Forward(), seed: 4), ParameterStore(Backward(), seed: 4)
    )
    for name in forward.tree.names {
      #expect(try #require(forward[name]) == (try #require(backward[name])))
    }
    #expect(forward["a.weight"] != forward["b.weight"])
    #expect(forward["a.weight"] != ParameterStore(Forward(), seed: 5)["a.weight"])
    #expect(forward["a.weight"] == ParameterStore(Forward(), seed: 4)["a.weight"])
    let drawn = ParameterStore(ParameterTree(Forward()), seed: 4, on: WorkerPool(threads: 3))
    #expect(drawn.values == forward.values)
  }

  @Test func initializers() {
    let random = Random(seed: 0)
    #expect(Initializer.zeros([2], random) == Tensor([2], [0, 0]))
    #expect(Initializer.ones([2], random) == Tensor([2], [1, 1]))
    #expect(Initializer.constant(-2)([1], random) == Tensor([1], [-2]))
    #expect(Initializer.identity([2, 2], random) == Tensor([2, 2], [1, 0, 0, 1]))
    let uniform = Initializer.uniform(0.5)([1000], random).elements
    #expect(uniform.allSatisfy { abs($0) <= 0.5 } && uniform.contains { abs($0) > 0.45 })
    let normal = Initializer.truncatedNormal(3)([1000], random).elements
    #expect(normal.allSatisfy { abs($0) <= 2 } && normal.contains { abs($0) > 1.9 })
    let own = Initializer { shape, random in
      Tensor(shape, (0..<shape.elementCount).map { _ in Float(random.below(3)) })
    }
    #expect(own([20], random) == own([20], random))
    #expect(own([20], random) != own([20], random.split(1)))
  }

  // MARK: - Store

  @Test func storeByName() throws {
    var store = ParameterStore(Forward(), seed: 0)
    let slot = try #require(store.tree.slot(named: "b.bias"))
    store[slot: slot] = Tensor([3], [1, 2, 3])
    #expect(store["b.bias"] == Tensor([3], [1, 2, 3]))
    #expect(store["b"] == nil)
    let zeros = ParameterStore.zeros(store.tree)
    #expect(zeros.values.map(\.shape) == store.values.map(\.shape))
    #expect(zeros.values.allSatisfy { $0.elements.allSatisfy { $0 == 0 } })
  }

  /// A store is a value: changing a copy leaves the original.
  @Test func storesAreValues() {
    let original = ParameterStore(Forward(), seed: 0)
    let kept = original.values[0].elements
    var copy = original
    copy.values[0].withUnsafeMutableBufferPointer { $0[0] = 99 }
    #expect(original.values[0].elements == kept)
    #expect(copy.values[0][0, 0] == 99)
  }
}
