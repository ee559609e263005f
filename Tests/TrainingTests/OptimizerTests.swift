import Autodiff
import Foundation
import Safetensors
import Testing

/// SGD, Adam, Lion, clipping and moving averages against PyTorch's and timm's in double precision.
@Suite struct OptimizerTests {
  private let tree = ParameterTree(AdamWTests.Model())
  private let given: SafetensorsFile
  private let made: SafetensorsFile
  private let rates: [Double]

  init() throws {
    given = try SafetensorsFile(contentsOf: try TrainingFixture.path("adamw.safetensors"))
    made = try SafetensorsFile(contentsOf: try TrainingFixture.path("optimizers.safetensors"))
    rates = try JSONDecoder().decode(
      [Double].self, from: Data(try #require(made.metadata["learning_rates"]).utf8))
  }

  private func store(_ name: (String) -> String, of file: SafetensorsFile) throws -> ParameterStore
  {
    ParameterStore(
      tree, try zip(tree.names, tree.parameters).map { Tensor($1.shape, try file.floats(name($0))) }
    )
  }

  private func start() throws -> ParameterStore { try store({ "\($0).initial" }, of: given) }

  /// The gradients of a step as they are in the file.
  private func gradients(_ step: Int) throws -> Gradients {
    let tape = Tape(ParameterStore.zeros(tree))
    let losses = try tree.parameters.indices.map { slot in
      let shape = tree.parameters[slot].shape
      let all = try given.floats("\(tree.names[slot]).gradients")
      let part = all[step * shape.elementCount..<(step + 1) * shape.elementCount]
      return (tape.constant(Tensor(shape, Array(part))) * tape[tree.parameters[slot]]).sum()
    }
    return tape.gradients(of: losses[0] + losses[1])
  }

  private func trajectory(
    _ optimizer: inout some Optimizer, threads: Int = 2, steps: Range<Int> = 0..<10,
    from weights: ParameterStore? = nil
  ) throws -> [ParameterStore] {
    var weights = try weights ?? start()
    let pool = WorkerPool(threads: threads)
    return try steps.map { step in
      optimizer.step(&weights, by: try gradients(step), rate: rates[step], on: pool)
      return weights
    }
  }

  /// The largest error of the elements, relative to them or to 0.1.
  private func largestError(_ stores: [ParameterStore], _ name: (String) -> String) throws -> Double
  {
    try tree.names.map { parameter in
      let theirs = try made.floats(name(parameter))
      let ours = try stores.flatMap { try #require($0[parameter]).elements }
      #expect(ours.count == theirs.count)
      return zip(ours, theirs).map { abs(Double($0 - $1)) / max(abs(Double($1)), 0.1) }.max() ?? 1
    }.max() ?? 1
  }

  private var groups: ParameterGroups { ParameterGroups(tree, weightDecay: 0.05) }

  /// The largest error of the weights, and of what is remembered last by a share.
  private func follows(
    _ label: String, _ optimizer: some Optimizer, memory share: Double = 1
  ) throws -> Double {
    var optimizer = optimizer
    let values = try trajectory(&optimizer)
    #expect(optimizer.steps == 10)
    let last = try #require(optimizer.state.last)
    let memory = try largestError([last.store]) { "\(label).\($0).state" }
    return max(try largestError(values) { "\(label).\($0).values" }, share * memory)
  }

  @Test func followTimm() throws {
    #expect(try follows("sgd", SGD(groups)) < 2e-6)
    #expect(try follows("momentum", SGD(groups, momentum: 0.8, isNesterov: false)) < 2e-6)
    #expect(try follows("lion", Lion(groups)) < 2e-6)
    // 0.999 as a Float makes 1 − β₂ smaller by 1.3e-5, and so the second moment; see AdamWTests.
    #expect(try follows("adam", Adam(groups), memory: 0.1) < 2e-6)
    let fast = ParameterGroups(tree, weightDecay: 0.051)
    #expect(try follows("sgd", SGD(groups, isNesterov: false)) > 1e-4)
    #expect(try follows("sgd", SGD(fast)) > 4e-6)
    #expect(try follows("lion", Lion(groups, betas: (0.9, 0.999))) > 1e-4)
    #expect(try follows("lion", Lion(fast)) > 4e-6)
    #expect(try follows("adam", Adam(fast)) > 4e-6)
    #expect(try follows("adam", Adam(groups, epsilon: 2e-8)) > 4e-6)
    #expect(try follows("adam", AdamW(groups)) > 1e-4)
  }

  private func optimizers(_ groups: ParameterGroups) -> [any Optimizer] {
    [AdamW(groups), Adam(groups), SGD(groups), SGD(groups, isNesterov: false), Lion(groups)]
  }

  @Test func threadsDoNotChangeABit() throws {
    for optimizer in optimizers(groups) {
      var (one, two, three) = (optimizer, optimizer, optimizer)
      let values = try trajectory(&one, threads: 1).map(\.values)
      #expect(try trajectory(&two, threads: 2).map(\.values) == values)
      #expect(try trajectory(&three, threads: 3).map(\.values) == values)
    }
  }

  /// State and steps are all that an optimiser knows: put into a new one, it continues.
  @Test func goesOnFromItsState() throws {
    for optimizer in optimizers(groups) {
      var (whole, first, second) = (optimizer, optimizer, optimizer)
      let values = try trajectory(&whole)
      let half = try trajectory(&first, steps: 0..<5)
      #expect(first.state.map(\.name) == second.state.map(\.name))
      (second.state, second.steps) = (first.state, first.steps)
      #expect(try trajectory(&second, steps: 5..<10, from: half[4])[4].values == values[9].values)
      #expect(second.state.map(\.store.values) == whole.state.map(\.store.values))
    }
  }

  /// A rate of half is a group's half; what is frozen neither moves nor decays.
  @Test func groupsHaveTheirRates() throws {
    var halves = groups
    halves.rates = [0.5, 0]
    for (plain, grouped) in zip(optimizers(groups), optimizers(halves)) {
      var (plain, grouped) = (plain, grouped)
      var (a, b) = (try start(), try start())
      let pool = WorkerPool(threads: 2)
      for step in 0..<3 {
        plain.step(&a, by: try gradients(step), rate: 0.5 * rates[step], on: pool)
        grouped.step(&b, by: try gradients(step), rate: rates[step], on: pool)
      }
      #expect(a.values[0] == b.values[0])
      #expect(b.values[1] == (try start().values[1]))
      #expect(grouped.state[0].store.values[1].elements.allSatisfy { $0 == 0 })
    }
  }

  @Test func clippingIsTimms() throws {
    let pool = WorkerPool(threads: 2)
    func error(_ mode: String, _ clip: (inout Gradients) -> Float) throws -> Double {
      var clipped = try gradients(1)
      let scale = clip(&clipped)
      let store = ParameterStore(
        tree,
        tree.parameters.map { parameter in
          let gradient = clipped[parameter]
          return Tensor(gradient.shape, gradient.elements.map { scale * $0 })
        })
      return try largestError([store]) { "clip.\(mode).\($0)" }
    }
    let weights = try start()
    #expect(try error("norm") { Gradients.scale(norm: $0.norm, bound: 0.5) } < 1e-6)
    #expect(Gradients.scale(norm: 0.5, bound: 0.5) == 1)
    func values(_ bound: Float) throws -> Double {
      try error("value") {
        $0.clipElements(to: bound, on: pool); return 1
      }
    }
    func rows(_ factor: Double) throws -> Double {
      try error("agc") {
        $0.clipRows(to: factor, of: weights, on: pool); return 1
      }
    }
    #expect(try values(0.2) < 1e-6)
    #expect(try values(0.21) > 1e-3)
    #expect(try rows(0.05) < 1e-6)
    #expect(try rows(0.051) > 1e-4)
    var spared = try gradients(1)
    spared.clipRows(to: 0.05, of: weights, on: pool, where: !.named(weights.tree.names[0]))
    #expect(spared[slot: 0] == (try gradients(1))[slot: 0])
  }

  /// DeiT's average, and timm's newer one with its warm-up.
  @Test(arguments: [1, 3]) func averagesAreTimms(threads: Int) throws {
    let pool = WorkerPool(threads: threads)
    func error(_ label: String, _ average: MovingAverage) throws -> Double {
      var average = average
      let taken = try (0..<10).map { step in
        let latest = ParameterStore(
          tree,
          try zip(tree.names, tree.parameters).map { name, parameter in
            let all = try given.floats("\(name).values")
            let count = parameter.shape.elementCount
            return Tensor(parameter.shape, Array(all[step * count..<(step + 1) * count]))
          })
        average.add(latest, after: step + 1, on: pool)
        return average.weights
      }
      return try largestError(taken) { "average.\(label).\($0)" }
    }
    let start = try start()
    #expect(try error("plain", MovingAverage(of: start, decay: 0.9)) < 1e-6)
    #expect(try error("warm", MovingAverage(of: start, decay: 0.7, warmsUp: true)) < 1e-6)
    #expect(try error("plain", MovingAverage(of: start, decay: 0.91)) > 1e-5)
    #expect(try error("warm", MovingAverage(of: start, decay: 0.7)) > 1e-5)
  }
}
