import Autodiff
import ConViT
import Foundation
import Testing

@testable import Symmetry

@Suite struct LieDerivativeTests {
  /// A model away from its start.
  private func randomModel(
    _ c: ViTConfiguration, seed: UInt64 = 3, noise: Double = 0.3
  ) throws -> (model: VisionTransformer, weights: ParameterStore) {
    let model = try VisionTransformer(c)
    var store = ParameterStore(model, seed: seed)
    var random = Random(seed: seed + 1)
    store.addNoise(noise, &random)
    return (model, store)
  }

  private func measure(
    _ model: VisionTransformer, _ weights: ParameterStore, _ images: Tensor,
    _ motions: [ImageMotion] = ImageMotion.allCases, boundary: ImageMotion.Boundary = .cyclic,
    distance: Double = 0.02
  ) -> LieReport {
    let meter = LieDerivative(
      model, FrozenWeights(weights), motions, boundary: boundary, distance: distance)
    var sums = meter.start
    meter.add(images, to: &sums, on: WorkerPool(threads: 2))
    return meter.report(sums)
  }

  private func configuration(_ family: ViTConfiguration.Family) -> ViTConfiguration {
    var c = ViTConfiguration(family, imageSize: 12, patchSize: 4, embedDim: 16, heads: 4)
    (c.depth, c.classes, c.channels) = (2, 5, 1)
    if family == .convit { c.localUpToLayer = 1 }
    return c
  }

  /// Mean pooling of patches without blocks' parts or norms: logits = W · mean of patches.
  private func linearModel() throws -> (model: VisionTransformer, weights: ParameterStore) {
    var c = configuration(.vit)
    (c.usePosEmbed, c.pooling, c.depth) = (false, .average, 1)
    var model = try VisionTransformer(c)
    model.norm = nil
    var weights = ParameterStore(model, seed: 1)
    var random = Random(seed: 2)
    for (name, parameter) in zip(weights.tree.names, weights.tree.parameters) {
      let isPart = name.contains("proj.") && name.contains("attn") || name.contains("fc2")
      weights[parameter] = Tensor(
        parameter.shape,
        weights[parameter].elements.map { _ in isPart ? 0 : Float(random.normal()) })
    }
    return (model, weights)
  }

  private func noise(_ shape: Shape, seed: UInt64 = 5) -> Tensor {
    var random = Random(seed: seed)
    return Tensor(shape, (0..<shape.elementCount).map { _ in Float(random.normal()) })
  }

  /// For a linear functional, the derivative of a translation is its value of the difference
  /// quotient (x(p − 1) − x(p + 1)) / 2, whatever the step.
  @Test(arguments: [0.1, 0.5, 1])
  func aLinearFunctional(distance: Double) throws {
    let (model, weights) = try linearModel()
    let images = noise([3, 1, 12, 12])
    func logits(_ images: [Float]) -> [Float] {
      model(Tape(weights, .inference).constant(Tensor([3, 1, 12, 12], images))).value.elements
    }
    let zero = logits(Array(repeating: 0, count: 432))  // the biases
    for (motion, step) in [(ImageMotion.translationX, 1), (.translationY, 12)] {
      let slopes = (0..<432).map { index -> Float in
        let (image, pixel) = (index / 144 * 144, index % 144)
        let row = step == 1 ? pixel / 12 * 12 : 0
        let (before, after) =
          step == 1
          ? (row + (pixel + 11) % 12, row + (pixel + 1) % 12)
          : ((pixel + 132) % 144, (pixel + 12) % 144)
        return (images.elements[image + before] - images.elements[image + after]) / 2
      }
      let (derivatives, values) = (zip(logits(slopes), zero.indices), logits(images.elements))
      let squares = derivatives.map { Double($0 - zero[$1]) }.reduce(0) { $0 + $1 * $1 }
      let spread = (0..<5).reduce(0.0) { sum, k in
        let column = (0..<3).map { Double(values[5 * $0 + k]) }
        let mean = column.reduce(0, +) / 3
        return sum + column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      }
      let report = measure(model, weights, images, [motion], distance: distance)
      let error = try #require(report.motions[0].logits)
      #expect(abs(error / (squares / spread).squareRoot() - 1) < 1e-4)
      #expect(report.motions[0].step == distance && report.motions[0].unit == "pixel")
    }
  }

  /// What moves comes from where it was: to the right, down, clockwise, and larger.
  @Test func directions() {
    func moved(_ motion: ImageMotion, _ t: Double, from place: Int) -> [Float] {
      var image = [Float](repeating: 0, count: 25)
      image[place] = 1
      return Resampling(motion, by: t, height: 5, width: 5, .zeros)
        .planes(Tensor([1, 1, 5, 5], image)).elements
    }
    func place(_ values: [Float]) -> Int? { values.firstIndex { abs($0 - 1) < 1e-6 } }
    #expect(place(moved(.translationX, 1, from: 6)) == 7)
    #expect(place(moved(.translationY, 1, from: 6)) == 11)
    #expect(place(moved(.rotation, .pi / 2, from: 13)) == 17)  // from the right of it to below it
    #expect(place(moved(.scale, log(2), from: 13)) == 14)
    let half = moved(.translationX, 0.25, from: 6)
    #expect(abs(half[6] - 0.75) < 1e-6 && abs(half[7] - 0.25) < 1e-6)
    #expect(moved(.translationX, 1, from: 9).allSatisfy { $0 == 0 })  // over the border
    let wrapped = Resampling(.translationX, by: 1, height: 5, width: 5, .cyclic)
    #expect(wrapped.terms[5].map(\.source) == [9] && wrapped.isInside.allSatisfy(\.self))
  }

  /// A bump about the centre does not change in a turn, but in all other ways, where its slope is
  /// known: −x/s² along an axis, r²/s² in size.
  @Test func aBump() {
    let (side, size) = (41, 5.0)
    let points = (0..<side * side).map { place in
      (x: Double(place % side) - 20, y: Double(place / side) - 20)
    }
    func value(_ x: Double, _ y: Double) -> Double { exp(-(x * x + y * y) / (2 * size * size)) }
    let image = Tensor([1, 1, side, side], points.map { Float(value($0.x, $0.y)) })
    func slopes(_ motion: ImageMotion) -> [Float] {
      let step = motion.amount(moving: 0.1, height: side, width: side)
      return Resampling(
        derivative: motion, step: step, scale: 1, height: side, width: side, .zeros
      ).planes(image).elements
    }
    func farthest(_ motion: ImageMotion, _ expected: (Double, Double) -> Double) -> Double {
      zip(slopes(motion), points).map { abs(Double($0) - expected($1.x, $1.y)) }.max() ?? 1
    }
    let square = size * size
    #expect(farthest(.rotation) { _, _ in 0 } < 0.004)
    #expect(farthest(.scale) { ($0 * $0 + $1 * $1) / square * value($0, $1) } < 0.02)
    // The error of a central difference is a sixth of the third derivative, 1.381 / s³ at most.
    #expect(farthest(.translationX) { $0 / square * value($0, $1) } < 1.381 / pow(size, 3) / 6)
    #expect(farthest(.translationY) { $1 / square * value($0, $1) } < 1.381 / pow(size, 3) / 6)
    let misses = zip(slopes(.translationX), points).filter { abs($1.x) < 20 }.map { slope, point in
      abs(Double(slope) - (value(point.x - 1, point.y) - value(point.x + 1, point.y)) / 2)
    }
    #expect((misses.max() ?? 1) < 1e-7)
    // The bump beside the centre does turn.
    let aside = Resampling(.translationX, by: 8, height: side, width: side, .zeros).planes(image)
    let turn = Resampling(
      derivative: .rotation, step: 0.004, scale: 1, height: side, width: side, .zeros)
    #expect((turn.planes(aside).elements.map(abs).max() ?? 0) > 0.5)
  }

  /// Images of one colour, tiled, do not change at all.
  @Test func constantImages() throws {
    let (model, weights) = try randomModel(configuration(.convit))
    let images = Tensor([3, 1, 12, 12], (0..<432).map { Float($0 / 144) - 0.5 })
    for motion in measure(model, weights, images).motions {
      #expect(try #require(motion.logits) < 1e-4, "\(motion.name)")
    }
    let zeros = measure(model, weights, images, boundary: .zeros).motions
    #expect(zeros.allSatisfy { ($0.logits ?? 0) > 0.01 })
    // One image alone has no spread of logits to compare with.
    #expect(measure(model, weights, images.sliced(0, 0..<1)).motions[0].logits == nil)
  }

  /// A stem that acts on each pixel by itself commutes with every motion; attention does not.
  @Test func pixelsByThemselves() throws {
    var c = configuration(.vit)
    (c.patchSize, c.usePosEmbed, c.pooling, c.imageHeight, c.imageWidth) = (
      1, false, .average, 7, 7
    )
    let (model, weights) = try randomModel(c)
    for boundary in ImageMotion.Boundary.allCases {
      for motion in measure(model, weights, noise([2, 1, 7, 7]), boundary: boundary).motions {
        #expect(try #require(motion.stem) < 1e-4, "\(motion.name)")
        #expect(try #require(motion.layers[0].own) > 1e-2, "\(motion.name)")
      }
    }
  }

  /// Patches at the border of a grid of two count for cyclic translations alone.
  @Test func smallGrids() throws {
    var c = configuration(.vit)
    (c.imageHeight, c.imageWidth) = (8, 8)
    let (model, weights) = try randomModel(c)
    let report = measure(model, weights, noise([2, 1, 8, 8]))
    #expect(report.motions.map { $0.stem != nil } == [true, true, false, false])
    #expect(report.motions.allSatisfy { $0.logits != nil })
    let zeros = measure(model, weights, noise([2, 1, 8, 8]), boundary: .zeros)
    #expect(zeros.motions.allSatisfy { $0.layers[1].patches == nil && $0.logits != nil })
  }
}
