import Autodiff
import Foundation
import Safetensors
import Testing

/// Ten steps of AdamW against PyTorch's in double precision.
@Suite struct AdamWTests {
  /// One tensor that decays and one that does not, for the rank that they have.
  struct Model: Module {
    let weight = Parameter([4, 5], kind: .weight, initial: .zeros)
    let bias = Parameter([7], kind: .bias, initial: .zeros)
  }

  /// The metadata of the file.
  private struct Recipe: Decodable {
    let betas: [Float]
    let epsilon: Float
    let learning_rates: [Double]
  }

  let tree = ParameterTree(Model())

  /// The weights after each step and the moments after the last, with gradients as they are in the
  /// file or with a part of the recipe changed.
  private func trajectory(
    epsilon: Float? = nil, decay: Float = 0.05, gradientFactor: Float = 1, scale: Float = 1,
    threads: Int = 2
  ) throws -> (values: [ParameterStore], moments: (first: ParameterStore, second: ParameterStore)) {
    let file = try SafetensorsFile(contentsOf: try TrainingFixture.path("adamw.safetensors"))
    let recipe = try JSONDecoder().decode(
      Recipe.self, from: Data(try #require(file.metadata["optimizer"]).utf8))
    var weights = ParameterStore(tree, try tree.names.map { try file.tensor("\($0).initial") })
    let gradients = try tree.names.map { try file.tensor("\($0).gradients") }
    var optimizer = AdamW(
      tree, betas: (recipe.betas[0], recipe.betas[1]), epsilon: epsilon ?? recipe.epsilon,
      weightDecay: decay)
    let pool = WorkerPool(threads: threads)
    let values = recipe.learning_rates.enumerated().map { step, rate in
      let tape = Tape(weights)
      let loss = zip(tree.parameters, gradients).map { parameter, all in  // Σ gradient · weight
        let gradient = all.sliced(0, step..<step + 1).reshaped(parameter.shape)
        return (gradientFactor * tape.constant(gradient) * tape[parameter]).sum()
      }
      let derivatives = tape.gradients(of: loss[0] + loss[1])
      optimizer.step(&weights, by: derivatives, rate: rate, scale: scale, on: pool)
      return weights
    }
    #expect(optimizer.steps == 10)
    return (values, (optimizer.moments.first, optimizer.moments.second))
  }

  /// The largest error by any element, relative to it or to the way it went at first.
  private func largestError(_ values: [ParameterStore]) throws -> Double {
    let file = try SafetensorsFile(contentsOf: try TrainingFixture.path("adamw.safetensors"))
    var largest = 0.0
    for name in tree.names {
      let theirs = try file.floats("\(name).values")
      let ours = try values.flatMap { try #require($0[name]).elements }
      #expect(ours.count == theirs.count)
      for (a, b) in zip(ours, theirs) {
        largest = max(largest, abs(Double(a) - Double(b)) / max(abs(Double(b)), 0.1))
      }
    }
    return largest
  }

  /// 2e-6 is some units of the last place of single precision, ten steps added up.
  private static let tolerance = 2e-6

  @Test func followsPyTorch() throws {
    let (values, moments) = try trajectory()
    #expect(try largestError(values) < Self.tolerance)
    let file = try SafetensorsFile(contentsOf: try TrainingFixture.path("adamw.safetensors"))
    for name in tree.names {
      let (m, v) = (try #require(moments.first[name]), try #require(moments.second[name]))
      let theirs = (
        m: try file.floats("\(name).first_moment"), v: try file.floats("\(name).second_moment")
      )
      // 0.999 as a Float makes 1 − β₂ smaller by 1.3e-5, and so v; its correction, too. m is a sum
      // of either sign, whose terms are of the size of √v / √(1 − β₂ᵗ).
      for (index, (a, b)) in zip(v.elements, theirs.v).enumerated() {
        #expect(abs(a - b) <= 1.5e-5 * abs(b), "second moment of \(name), \(index)")
      }
      for (index, (a, b)) in zip(m.elements, theirs.m).enumerated() {
        let size = 10 * theirs.v[index].squareRoot()
        #expect(abs(a - b) <= 5e-7 * size, "first moment of \(name), \(index)")
      }
    }
  }

  /// Clipping multiplies the gradients first: twice as large and halved is the same.
  @Test func scalesGradients() throws {
    let (plain, scaled) = (
      try trajectory().values, try trajectory(gradientFactor: 2, scale: 0.5).values
    )
    #expect(zip(plain, scaled).allSatisfy { $0.values == $1.values })
  }

  @Test func threadsDoNotChangeABit() throws {
    let (one, three) = (try trajectory(threads: 1).values, try trajectory(threads: 3).values)
    #expect(zip(one, three).allSatisfy { $0.values == $1.values })
  }

  /// Another ε, another decay and gradients off by a factor show in the comparison.
  @Test func noticesAnotherRecipe() throws {
    #expect(try largestError(try trajectory(epsilon: 1.1e-8).values) > Self.tolerance)
    #expect(try largestError(try trajectory(decay: 0).values) > Self.tolerance)
    #expect(try largestError(try trajectory(decay: 0.051).values) > Self.tolerance)
    #expect(try largestError(try trajectory(gradientFactor: 1.01).values) > Self.tolerance)
  }

  /// What has one axis, or embeds tokens or positions, does not decay.
  @Test func whatDecays() {
    func decays(_ shape: Shape, _ kind: Parameter.Kind) -> Bool {
      ParameterSelection.decaying.contains("x", Parameter(shape, kind: kind, initial: .zeros))
    }
    #expect(decays([2, 2], .weight) && decays([2, 2, 1, 1], .weight) && decays([2, 2], .head))
    #expect(!decays([1, 1, 4], .embedding))
    #expect(!decays([4], .bias) && !decays([4], .norm) && !decays([4], .gate))
  }
}

extension SafetensorsFile {
  /// A tensor of the file.
  fileprivate func tensor(_ name: String) throws -> Tensor {
    Tensor(Shape(try #require(info(name)).shape), try floats(name))
  }
}
