import Autodiff
import Foundation
import Images
import Safetensors
import Testing

@testable import Recipes
@testable import Training

/// Mixup and CutMix against timm's `Mixup` (Fixtures/make_mixing.py).
@Suite struct MixingTests {
  private let file: SafetensorsFile

  init() throws {
    file = try SafetensorsFile(contentsOf: TrainingFixture.path("mixing.safetensors"))
  }

  private struct Case: Decodable {
    struct Mixed: Decodable {
      let share: Double
      let box: [Int]?  // top, bottom, left, right
    }
    let smoothing: Double
    let mode: Mixing.Mode
    let mixes: [Mixed]

    func mixes(_ size: ImageSize) -> [Mix] {
      mixes.map { mixed in
        let mix =
          mixed.box.map {
            Mix(pasting: Mix.Box(rows: $0[0]..<$0[1], columns: $0[2]..<$0[3]), into: size)
          } ?? Mix(share: mixed.share)
        return mode == .batch ? mix : mix.rounded
      }
    }
  }

  /// Pixels and targets have the bits of timm's for the same shares and boxes, whatever the shards.
  @Test func pixelsAndTargetsAreTimms() throws {
    let cases = try JSONDecoder().decode(
      [String: Case].self, from: Data(try #require(file.metadata["cases"]).utf8))
    let size = ImageSize(height: 7, width: 10)
    let labels = try file.integers("labels")
    let batch = Batch(
      inputs: Tensor([6, 3, size.height, size.width], try file.floats("images")), labels: labels,
      indices: Array(0..<6))
    #expect(cases.count == 12)
    for (name, mixing) in cases {
      let mixed = MixedBatch(batch, mixing.mixes(size))
      let images = [0..<4, 4..<6].map { mixed.inputs($0) }
      #expect(
        try Tensor.concatenated(images, 0)
          == Tensor([6, 3, 7, 10], file.floats("\(name).images")), "\(name)")
      let targets = [0..<1, 1..<6].map {
        mixed.targets($0, classes: 5, smoothing: mixing.smoothing)
      }
      #expect(
        try Tensor.concatenated(targets, 0) == Tensor([6, 5], file.floats("\(name).targets")),
        "\(name)")
    }
  }

  private struct Recipe {
    let name: String
    let settings: LossSettings

    init(_ name: String, _ change: (inout LossSettings) -> Void) {
      var settings = LossSettings()
      change(&settings)
      (self.name, self.settings) = (name, settings)
    }
  }

  private static let recipes = [
    Recipe("default") { _ in },
    Recipe("shares") {
      ($0.mixup, $0.cutmix, $0.mixupProb, $0.mixupSwitchProb) = (0.2, 0.5, 0.7, 0.3)
    },
    Recipe("cutmix") { ($0.mixup, $0.cutmix) = (0, 0.3) },
    Recipe("minmax") { ($0.mixup, $0.cutmixMinmax) = (0, [0.2, 0.8]) },
  ]

  /// What is drawn has timm's distribution: how often images are left, blended or cut, their
  /// shares, and the edges and sides of boxes, 4000 draws of each.
  @Test(arguments: recipes.indices) func drawsAreDistributedAsTimms(_ index: Int) throws {
    let recipe = Self.recipes[index]
    let name = "statistics.\(recipe.name)"
    let (shares, kinds) = (try file.floats("\(name).shares"), try file.bytes("\(name).kinds"))
    let boxes = try file.bytes("\(name).boxes")
    let count = kinds.count
    for mode in Mixing.Mode.allCases {
      var settings = recipe.settings
      settings.mixupMode = mode
      let mixing = try #require(settings.mixing(shape: [3, 20, 28], seed: 3))
      let mixes = (0..<count).map { mixing([0, 1], partners: [1, 0], epoch: 1, step: $0)[0] }
      for kind: UInt8 in 0...2 {
        let ours = mixes.filter { $0.kind == kind }
        let theirs = (0..<count).filter { kinds[$0] == kind }
        let share = Double(theirs.count) / Double(count)
        let deviation = (2 * share * (1 - share) / Double(count)).squareRoot()
        let difference = abs(Double(ours.count - theirs.count)) / Double(count)
        #expect(difference <= 4 * deviation, "\(mode) \(kind)")
        guard kind > 0, !theirs.isEmpty else { continue }
        expectAlike(ours.map(\.share), theirs.map { Double(shares[$0]) }, "\(mode) \(kind) share")
        guard kind == 2 else { continue }
        for (edge, path) in [
          \Mix.Box.rows.lowerBound, \.rows.upperBound, \.columns.lowerBound, \.columns.upperBound,
        ].enumerated() {
          expectAlike(
            ours.compactMap { $0.box?[keyPath: path] }.map(Double.init),
            theirs.map { Double(boxes[4 * $0 + edge]) }, "\(mode) edge \(edge)")
        }
        expectAlike(
          ours.compactMap { $0.box?.columns.count }.map(Double.init),
          theirs.map { Double(boxes[4 * $0 + 3]) - Double(boxes[4 * $0 + 2]) }, "\(mode) width")
      }
    }
  }

  /// Two samples of one distribution: Kolmogorov and Smirnov's test at a level of 1e-4.
  private func expectAlike(
    _ a: [Double], _ b: [Double], _ comment: Comment, at location: SourceLocation = #_sourceLocation
  ) {
    let (a, b) = (a.sorted(), b.sorted())
    var (i, j, largest) = (0, 0, 0.0)
    while i < a.count, j < b.count {
      let value = min(a[i], b[j]) + 1e-6  // shares of boxes that differ in rounding alone are one
      while i < a.count, a[i] <= value { i += 1 }
      while j < b.count, b[j] <= value { j += 1 }
      largest = max(largest, abs(Double(i) / Double(a.count) - Double(j) / Double(b.count)))
    }
    let scale = (1 / Double(a.count) + 1 / Double(b.count)).squareRoot()
    #expect(largest < 2.23 * scale, comment, sourceLocation: location)
  }

  @Test func whoSharesWhat() throws {
    func mixes(_ count: Int, _ change: (inout LossSettings) -> Void = { _ in }) throws -> [Mix] {
      var settings = LossSettings()
      change(&settings)
      let mixing = try #require(
        settings.mixing(shape: [3, 9, 9], seed: 0))
      return mixing(
        Array(0..<count), partners: (0..<count).reversed(), epoch: 4, step: 3)
    }
    for count in [2, 4, 5, 7] {
      let batch = try mixes(count)
      let pairs = try mixes(count) { $0.mixupMode = .pair }
      let each = try mixes(count) { $0.mixupMode = .elem }
      let isOdd = count % 2 == 1
      #expect(Set(batch).count == (isOdd ? 2 : 1))
      #expect(pairs == pairs.reversed() && Set(pairs).count == (count + 1) / 2)
      #expect(Set(each).count == count)
      for mixes in [batch, pairs, each] where isOdd { #expect(mixes[count / 2] == .none) }
    }
    #expect(try mixes(1) == [.none])
    #expect(try mixes(4) { $0.mixupOffEpoch = 4 } == [Mix](repeating: .none, count: 4))
    #expect(try mixes(4) { $0.mixupOffEpoch = 5 } != [Mix](repeating: .none, count: 4))
    #expect(try mixes(4) { $0.mixupProb = 0 } == [Mix](repeating: .none, count: 4))
    var none = LossSettings()
    (none.mixup, none.cutmix) = (0, 0)
    #expect(none.mixing(shape: [3, 9, 9], seed: 0) == nil)
  }

  /// The middle image of an odd batch, and its target, stay what they are.
  @Test func theMiddleOneStays() throws {
    let pixels = (0..<36).map(Float.init)
    let mixes = [Mix(share: 0.25), .none, Mix(share: 0.25)]
    let batch = Batch(
      inputs: Tensor([3, 3, 2, 2], pixels), labels: [0, 1, 2], indices: [5, 6, 7])
    let mixed = MixedBatch(batch, mixes)
    let images = mixed.inputs(0..<3)
    #expect(images.sliced(0, 1..<2).elements == Array(pixels[12..<24]))
    #expect(images.sliced(0, 0..<1).elements == (0..<12).map { Float($0) + 18 })
    #expect(
      mixed.targets(0..<3, classes: 3, smoothing: 0).elements == [0.25, 0, 0.75, 0, 1, 0]
        + [0.75, 0, 0.25])
  }
}

/// Examples that are no images: of more axes than an image, and of one.
@Suite struct MixingShapeTests {
  private func batch(_ shape: Shape) -> Batch {
    let count = shape.elementCount
    let inputs = Tensor(
      unsafeUninitialized: [2, shape.elementCount],
      { out in for i in 0..<2 * count { out[i] = Float(i) } })
    return Batch(
      inputs: inputs.reshaped(Shape([2] + shape.sizes)), labels: [0, 1], indices: [3, 4])
  }

  /// A box is over the last two axes, at every place of those before.
  @Test func aBoxGoesThroughFramesAndColours() {
    let batch = batch([4, 3, 5, 6])  // frames, colours, rows, columns
    let box = Mix.Box(rows: 1..<3, columns: 2..<6)
    let mix = Mix(pasting: box, into: ImageSize(height: 5, width: 6))
    let mixed = MixedBatch(batch, [mix, mix]).inputs(0..<2)
    #expect(mixed.shape == [2, 4, 3, 5, 6] && mix.share == 1 - 8.0 / 30)
    for (frame, color) in (0..<12).map({ ($0 / 3, $0 % 3) }) {
      for (row, column) in (0..<30).map({ ($0 / 6, $0 % 6) }) {
        let isInside = box.rows.contains(row) && box.columns.contains(column)
        for example in 0...1 {
          let source = isInside ? 1 - example : example
          #expect(
            mixed[example, frame, color, row, column]
              == batch.inputs[source, frame, color, row, column])
        }
      }
    }
  }

  @Test func rowsOfNumbersAreBlended() throws {
    var settings = LossSettings()
    settings.cutmix = 0
    let mixing = try #require(settings.mixing(shape: [7], seed: 1))
    let mixes = mixing([0, 1], partners: [1, 0], epoch: 0, step: 0)
    let (share, rest) = (Float(mixes[0].share), Float(1 - mixes[0].share))
    #expect(mixes[0].box == nil && mixes[0].share < 1)
    let mixed = MixedBatch(batch([7]), mixes).inputs(1..<2)
    #expect(mixed == Tensor([1, 7], (0..<7).map { share * Float(7 + $0) + rest * Float($0) }))
  }
}

extension Mix {
  /// 0 as it was, 1 blended, 2 cut; a box of no area is timm's share of 1 after the cut.
  fileprivate var kind: UInt8 { box != nil ? 2 : share == 1 ? 0 : 1 }
}
