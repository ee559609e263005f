import Autodiff
import ConViT
import Foundation
import Testing

@testable import Symmetry

@Suite struct GateSweepTests {
  private let model: VisionTransformer
  private let weights: ParameterStore
  private let images: Tensor

  /// One GPSA layer of 7 × 7 patches without a position embedding; sharp positions.
  init() throws {
    var c = ViTConfiguration(.convit, imageSize: 14, patchSize: 2, embedDim: 16, heads: 4)
    (c.depth, c.localUpToLayer, c.classes, c.channels) = (1, 1, 5, 1)
    (c.usePosEmbed, c.pooling) = (false, .average)
    model = try VisionTransformer(c)
    var store = ParameterStore(model, seed: 3)
    var random = Random(seed: 5)
    store.addNoise(0.3, &random) { !$0.contains("pos_proj") }
    weights = store
    images = Tensor([3, 1, 14, 14], (0..<588).map { _ in Float(random.normal()) })
  }

  private func sweep(threads: Int = 2, parts: [Range<Int>] = [0..<3]) throws -> SweepReport {
    let sweep = try GateSweep(model, FrozenWeights(weights))
    var sums = sweep.start
    let pool = WorkerPool(threads: threads)
    for part in parts { sweep.add(images.sliced(0, part), to: &sums, on: pool) }
    return sweep.report(sums)
  }

  /// Content does not know places: shifts and turns move its attention with them. Positions do at
  /// the border, and the less, the farther away it is; turns they know everywhere.
  @Test func errorsFollowTheGate() throws {
    let report = try sweep()
    #expect(report.shifts == "cyclic:7" && report.points.map(\.gate) == GateSweep.gates)
    let layers = report.points.map { $0.layers[0] }
    #expect(layers[0].shifts < 1e-6 && (layers[0].turns ?? 1) < 1e-6)
    #expect(layers[0].byDistance.count == 3 && layers[0].byDistance.allSatisfy { $0 < 1e-6 })
    for (less, more) in zip(layers, layers.dropFirst()) {
      #expect(less.shifts < more.shifts && (less.turns ?? 1) < (more.turns ?? 0))
    }
    let last = layers[10]
    #expect(last.shifts > 0.05 && (last.turns ?? 0) > 0.05)
    // Gaussians of a half patch's deviation, half a patch from each place.
    #expect(last.byDistance[0] > 0.1)
    #expect(last.byDistance[1] < last.byDistance[0] / 5)
    #expect(last.byDistance[2] < last.byDistance[1] / 5 && last.byDistance[2] < 1e-3)
    #expect(layers.allSatisfy { ($0.translation ?? 0) > 0.01 })
    #expect(report.points.allSatisfy { ($0.logits ?? 0) > 0.01 })
  }

  @Test func theGatesAreSet() throws {
    for gate in [0, 0.3, 1] {
      let changed = GateSweep.weights(FrozenWeights(weights), of: model, gate: gate).weights
      let gates = try #require(model.blocks[0].attn.gates(changed))
      #expect(gates.count == 4 && gates.allSatisfy { abs($0 - gate) < 1e-7 })
      for (name, parameter) in zip(changed.tree.names, changed.tree.parameters)
      where !name.contains("gating") {
        #expect(changed[parameter] == weights[parameter])
      }
    }
  }

  /// The error of a shift by one patch by hand, at one gate.
  @Test func theProfileByHand() throws {
    let frozen = GateSweep.weights(FrozenWeights(weights), of: model, gate: 1)
    let profile = ShiftProfile(model, frozen, layers: [0])
    var sums = profile.start
    profile.add(images, to: &sums, on: WorkerPool(threads: 2))
    let tape = Tape(frozen.weights, .inference)
    let input = model.patchEmbed(tape.constant(images))
    func update(_ input: Variable) -> [Float] { (model.blocks[0](input) - input).value.elements }
    var (apart, size) = ([0.0, 0, 0], [0.0, 0, 0])
    let here = update(input)
    for isAcross in [true, false] {
      let sources = (0..<49).map { patch in
        isAcross ? patch / 7 * 7 + (patch % 7 + 6) % 7 : (patch + 42) % 49
      }
      let moved = update(input.gathered(1, sources))
      for index in here.indices {
        let (image, patch, feature) = (index / 784, index / 16 % 49, index % 16)
        let source = sources[patch]
        let both = isAcross ? [patch % 7, source % 7] : [patch / 7, source / 7]
        let distance = both.map { min($0, 6 - $0) }.min() ?? 0
        let (a, b) = (
          Double(moved[index]), Double(here[(image * 49 + source) * 16 + feature])
        )
        apart[distance] += (a - b) * (a - b)
        size[distance] += a * a + b * b
      }
    }
    for (distance, error) in profile.errors(sums)[0].enumerated() {
      #expect(abs(error - (apart[distance] / size[distance]).squareRoot()) < 1e-6)
    }
  }

  @Test func threadsDoNotMatter() throws {
    func text(_ report: SweepReport) throws -> Data {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return try encoder.encode(report)
    }
    #expect(try text(sweep(threads: 1)) == text(sweep(threads: 2)))
    let (one, other) = (try sweep(), try sweep(parts: [0..<1, 1..<3]))
    for (a, b) in zip(one.points, other.points) {
      #expect(abs(a.layers[0].shifts - b.layers[0].shifts) < 1e-6)
    }
  }

  @Test func modelsWithoutGatesOrShifts() throws {
    var c = model.configuration
    c.localUpToLayer = 0
    let plain = try VisionTransformer(c)
    let error = #expect(throws: SymmetryError.self) {
      _ = try GateSweep(plain, FrozenWeights(ParameterStore(plain, seed: 0)))
    }
    #expect(error?.description == "a sweep of gates for a model without gates")
    #expect(throws: SymmetryError.self) {
      _ = try GateSweep(model, FrozenWeights(weights), steps: 3)
    }
  }

  /// Images that are not square are shifted by what divides both sides, and not turned.
  @Test func notSquare() throws {
    var c = model.configuration
    c.imageWidth = 8
    let wide = try VisionTransformer(c)
    c.imageHeight = 12
    let both = try VisionTransformer(c)
    let wideWeights = FrozenWeights(ParameterStore(wide, seed: 0))
    #expect(throws: SymmetryError.self) { _ = try GateSweep(wide, wideWeights) }
    let sweep = try GateSweep(both, FrozenWeights(ParameterStore(both, seed: 0)))
    var sums = sweep.start
    sweep.add(Tensor(repeating: 1, [1, 1, 12, 8]), to: &sums, on: WorkerPool(threads: 1))
    let report = sweep.report(sums)
    #expect(report.shifts == "cyclic:2" && report.points[0].layers[0].turns == nil)
  }
}
