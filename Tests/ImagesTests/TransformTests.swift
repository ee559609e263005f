import Autodiff
import Testing

@testable import Images

@Suite struct TransformTests {
  @Test func evaluationIsTorchvisionsToTheLastBit() throws {
    let fixture = try TransformFixture<CropTests.Evaluation>("evaluation")
    #expect(fixture.cases.cases.count == 13)
    for item in fixture.cases.cases {
      let source = fixture.image(try #require(fixture.cases.sources[item.source]))
      let size = ImageSize(height: item.result.height, width: item.result.width)
      let result = EvaluationTransform(size: size)(source)
      let same = result == fixture.image(item.result)
      #expect(same, "\(item)")
      if let planes = item.planes {
        let expected = fixture.floats(planes)
        let sameNumbers = Normalization.imageNet.tensor(result).elements == expected
        #expect(sameNumbers, "\(item)")
      }
    }
  }

  @Test func evaluationLeavesAMatchingSmallImageAlone() {
    let image = countingImage(width: 28, height: 28)
    #expect(EvaluationTransform(size: ImageSize(28))(image) == image)
  }

  @Test(arguments: [224, 28])
  func trainingIsAPureFunctionOfItsRandom(side: Int) {
    let image = countingImage(width: 60, height: 40)
    let transform = TrainingTransform(size: ImageSize(side))
    let random = Random(seed: 5)
    let first = transform(image, random: random)
    #expect(first.width == side && first.height == side)
    #expect(first == transform(image, random: random))
    #expect(first != transform(image, random: random.split(1)))
  }

  @Test func halfTheImagesAreMirrored() {
    let image = countingImage(width: 8, height: 8)
    let crop = PaddedRandomCrop(size: ImageSize(8), padding: 0)
    let transform = TrainingTransform(crop: crop)
    let flipped = (0..<400).count { i in
      transform(image, random: Random(seed: 0).split(i)) == image.flippedHorizontally()
    }
    #expect((160...240).contains(flipped))  // four standard deviations
    #expect(
      TrainingTransform(crop: crop, flipProbability: 0)(image, random: Random(seed: 1)) == image)
  }

  @Test func shiftAndMirrorAreIndependent() {
    let image = countingImage(width: 8, height: 8)
    let transform = TrainingTransform(crop: PaddedRandomCrop(size: ImageSize(8), padding: 1))
    let results = (0..<500).map { transform(image, random: Random(seed: 0).split($0)) }
    let distinct = Set(results).count
    #expect(distinct == 18)  // 3 × 3 shifts, mirrored or not
  }

  @Test func aStandardDeviationOfZeroIsAnError() throws {
    #expect(throws: TransformError.self) {
      try Normalization(mean: [0, 0, 0], std: [1, 0, 1])
    }
    #expect(throws: TransformError.self) { try Normalization(mean: [0, 0], std: [1, 1]) }
    #expect(throws: TransformError.self) {
      try Normalization(mean: [.nan, 0, 0], std: [1, 1, 1])
    }
    let plain = try Normalization(mean: [0, 0, 0], std: [1, 1, 1])
    let image = RGBImage(width: 1, height: 1, pixels: [0, 51, 255])
    #expect(plain.tensor(image).elements == [0, 51.0 / 255, 1])
  }
}

/// What the centre crop cuts off is not computed, and nothing else changes by that.
@Suite struct CroppedResizeTests {
  @Test(arguments: [
    (500, 375), (375, 500), (64, 48), (40, 1200), (1200, 40), (256, 300), (257, 255),
  ])
  func equalsTheCropOfTheWhole(_ width: Int, _ height: Int) {
    var random = Random(seed: 1).split(width).split(height)
    let image = RGBImage(
      width: width, height: height,
      pixels: (0..<3 * width * height).map { _ in UInt8(random.below(256)) })
    let long = Int(256 * Double(max(width, height)) / Double(min(width, height)) + 1e-9)
    let whole = image.resized(
      width: width < height ? 256 : long, height: width < height ? long : 256,
      resampling: .bicubic
    ).middle(width: 224, height: 224)
    #expect(EvaluationTransform(size: ImageSize(224))(image) == whole)
  }

  /// A line of 65,500 pixels would be 16.8 million × 256 pixels before the crop.
  @Test(arguments: [(65_500, 1), (1, 65_500)])
  func aLineOfPixelsTakesNoMemory(_ width: Int, _ height: Int) {
    let image = RGBImage(
      width: width, height: height, pixels: [UInt8](repeating: 9, count: 3 * width * height))
    let result = EvaluationTransform(size: ImageSize(224))(image)
    #expect(result.pixels.allSatisfy { $0 == 9 } && result.width == 224 && result.height == 224)
  }

  /// DeiT's `--eval-crop-ratio`: `Resize(int(size / ratio))`, then `CenterCrop(size)`.
  @Test(arguments: [(0.875, 256, 341), (0.9, 248, 330), (1, 224, 298), (0.5, 448, 597)])
  func theCropRatioIsDeiTs(ratio: Double, short: Int, long: Int) {
    let transform = EvaluationTransform(size: ImageSize(224), cropRatio: ratio)
    let geometry = transform.geometry(of: ImageSize(height: 375, width: 500))
    #expect(geometry.resized == ImageSize(height: short, width: long))
    #expect(geometry.kept.height == 224 && geometry.kept.width == 224)
    #expect(geometry.kept.y == (short - 224) / 2)
    let small = EvaluationTransform(size: ImageSize(28), cropRatio: ratio)
    #expect(
      small.geometry(of: ImageSize(56)).resized == ImageSize(28), "small images have no margin")
  }
}
