import Autodiff
import ConViT
import Testing

@testable import Scores

@Suite struct ScoreMeterTests {
  /// All but what wants a clock.
  private static let all = Set(Score.allCases).subtracting([.milliseconds])

  private func meter(_ kind: TestModel, order: [Int] = Array(0..<10)) -> ScoreMeter {
    let images = kind.images(10)
    var meter = ScoreMeter(
      examples: Tensor.concatenated(order.map { images.sliced(0, $0..<$0 + 1) }, 0),
      labels: order.map { $0 % 5 })
    meter.scores = Self.all
    meter.kernelExamples = 6
    return meter
  }

  /// One pass of a batch in parts gives what its parts by themselves do.
  @Test(arguments: TestModel.allCases) func scoresAreWhatTheirTypesSay(_ kind: TestModel) throws {
    let model = try VisionTransformer(kind.configuration)
    let weights = ParameterStore(model, seed: 3)
    let meter = meter(kind)
    let scores = meter(model, weights)
    #expect(Set(scores.keys) == Self.all)
    let saved: any Model = model  // as a weights file gives it
    #expect(meter(saved, weights) == scores)
    func close(_ score: Score, _ expected: Double) {
      let found = scores[score] ?? .nan
      #expect(abs(found - expected) <= 1e-5 * abs(expected), "\(score)")
    }
    var codes = ActivationCodes(examples: 10)
    for layer in try kind.seen(examples: 10) { codes.add(layer, from: 0) }
    close(.naswot, codes.logDeterminant)
    close(.naswotNormalized, codes.normalizedLogDeterminant)
    let kernel = GradientKernel(
      of: model, weights, examples: kind.images(10).sliced(0, 0..<6),
      labels: Array(meter.labels[..<6]))
    close(.mgm, kernel.mean)
    close(.mgmDiagonal, kernel.diagonalMean)
    close(.mgmOffDiagonal, try #require(kernel.offDiagonalMean))
    let released = ReleasedKernel(
      of: model, weights, examples: kind.images(10).sliced(0, 0..<6),
      labels: Array(meter.labels[..<6]))
    close(.mgmReleased, released.mean(as: .released))
    close(.mgmAutoProx, released.mean(as: .autoProx))
    let layers = meter.gradientKernel(of: model, weights).byLayer
    #expect(layers.map(\.name).filter { $0.hasPrefix("blocks.") }.count == model.blocks.count)
    close(.mgm, layers.reduce(0) { $0 + $1.parts.mean })
    close(.mgmDiagonal, layers.reduce(0) { $0 + $1.parts.diagonal })
    let tape = Tape(weights)
    let loss = model(tape.constant(meter.examples)).crossEntropy(labels: meter.labels).mean()
    let gradients = tape.gradients(of: loss)
    close(.gradientNorm, gradients.norm)
    var saliency = 0.0
    for (parameter, value) in zip(weights.tree.parameters, weights.values) {
      let product = gradients[parameter].withUnsafeBufferPointer { g in
        value.withUnsafeBufferPointer { w in w.indices.map { abs(Double(g[$0] * w[$0])) } }
      }
      saliency += product.reduce(0, +)
    }
    close(.snip, saliency)
    close(.synflow, SynapticFlow(through: model, weights).total)
    close(.parameters, Double(weights.tree.elementCount))
    close(.multiplyAdds, Double(model.multiplyAdds))
  }

  @Test func theOrderOfTheBatchDoesNotMatter() throws {
    let model = try VisionTransformer(TestModel.convit.configuration)
    let (a, b) = (
      meter(.convit)(model, seed: 1),
      meter(.convit, order: [9, 0, 4, 7, 2, 5, 1, 8, 3, 6])(model, seed: 1)
    )
    for score in [Score.naswot, .naswotNormalized] {
      #expect(abs(try #require(a[score]) - #require(b[score])) < 1e-8)
    }
    #expect(abs(try #require(a[.gradientNorm]) - #require(b[.gradientNorm])) < 1e-5)
  }

  /// The same bits on any number of threads, one score at a time or all.
  @Test func threadsDoNotMatter() throws {
    let model = try VisionTransformer(TestModel.convit.configuration)
    let meter = meter(.convit)
    let seeds: [UInt64] = [0, 1, 2, 3, 4]
    let alone = seeds.map { meter(model, seed: $0) }
    let together = WorkerPool(threads: 4).map(seeds) { meter(model, seed: $0) }
    #expect(alone == together)
    for score in Self.all {
      var one = meter
      one.scores = [score]
      let found = one(model, seed: 0)
      #expect(found.count == 1)
      // The MLP's sums round otherwise where its pre-activations are looked at.
      let all = try #require(alone[0][score])
      #expect(abs(try #require(found[score]) - all) <= 1e-5 * abs(all), "\(score)")
    }
  }
}
