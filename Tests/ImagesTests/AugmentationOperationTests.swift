import Autodiff
import Testing

@testable import Images

/// Operations beside Pillow's and timm's (`make_augmentations.py`).
@Suite struct AugmentationOperationTests {
  struct Operations: Decodable {
    struct Case: Decodable {
      let source: String
      let operation: String
      let argument: Double?
      let resampling: Resampling
      let result: StoredImage
    }
    let sources: [String: StoredImage]
    let cases: [Case]
  }

  struct Level: Decodable {
    let name: String
    let magnitude: Double
    let arguments: [Double?]
  }

  struct Reflected: Decodable {
    let source: StoredImage
    let padded: StoredImage
    let size: Int
  }

  private func operation(_ name: String, _ argument: Double) -> ImageOperation? {
    switch name {
    case "autoContrast": .autoContrast
    case "equalize": .equalize
    case "invert": .invert
    case "posterize": .posterize(bits: Int(argument))
    case "solarize": .solarize(threshold: Int(argument))
    case "solarizeAdd": .solarizeAdd(Int(argument))
    case "color": .color(argument)
    case "contrast": .contrast(argument)
    case "brightness": .brightness(argument)
    case "sharpness": .sharpness(argument)
    case "gaussianBlur": .gaussianBlur(radius: argument)
    case "rotate": .rotate(degrees: argument)
    case "shearX": .shearX(argument)
    case "shearY": .shearY(argument)
    case "translateX": .translateX(argument)
    case "translateY": .translateY(argument)
    default: nil
    }
  }

  @Test func equalPillowsByteForByte() throws {
    let fixture = try TransformFixture<Operations>("operations")
    #expect(fixture.cases.cases.count > 300)
    for item in fixture.cases.cases {
      let source = fixture.image(try #require(fixture.cases.sources[item.source]))
      let change = try #require(operation(item.operation, item.argument ?? 0))
      let result = source.applying(change, resampling: item.resampling)
      let expected = fixture.image(item.result)
      let differing = zip(result.pixels, expected.pixels).count { $0 != $1 }
      #expect(differing == 0, "\(item)")
    }
  }

  /// The operation's argument as timm passes it on, whatever its type.
  private func argument(_ operation: ImageOperation) -> Double? {
    switch operation {
    case .autoContrast, .equalize, .invert: nil
    case .posterize(let bits): Double(bits)
    case .solarize(let value), .solarizeAdd(let value): Double(value)
    case .color(let value), .contrast(let value), .brightness(let value), .sharpness(let value),
      .gaussianBlur(let value), .rotate(let value), .shearX(let value), .shearY(let value),
      .translateX(let value), .translateY(let value):
      value
    }
  }

  @Test func magnitudesMakeTimmsArguments() throws {
    let fixture = try TransformFixture<[Level]>("levels")
    #expect(
      Set(fixture.cases.map(\.name)) == Set(AugmentationName.allCases.map(\.timm)))
    for level in fixture.cases {
      let name = try #require(AugmentationName(timm: level.name))
      var random = Random(seed: 1).split(level.name)
      var seen: [Double?] = []
      for _ in 0..<40 {
        let operation = name.operation(magnitude: level.magnitude, random: &random)
        let value = argument(operation)
        if !seen.contains(value) { seen.append(value) }
      }
      switch name {
      case .gaussianBlurRand:  // timm draws between 0.1 and twice its argument afterwards
        let bounds = [0.1, 2 * (level.arguments[0] ?? 0)].sorted()
        #expect(seen.allSatisfy { $0.map((bounds[0]...bounds[1]).contains) == true })
      case .desaturate:  // timm turns it into a factor afterwards
        #expect(seen == level.arguments.prefix(1).map { $0.map { 1 - $0 } }, "\(level)")
      case .posterizeIncreasing:  // below 0 bits nothing is left, as with 0
        #expect(seen == level.arguments.prefix(1).map { $0.map { max($0, 0) } }, "\(level)")
      default:
        #expect(Set(seen) == Set(level.arguments), "\(level)")
      }
    }
  }

  @Test func reflectedCropsAreTorchvisions() throws {
    let fixture = try TransformFixture<[Reflected]>("reflected")
    for item in fixture.cases {
      let source = fixture.image(item.source)
      let padded = fixture.image(item.padded)
      let size = ImageSize(item.size)
      let shifts = Set(
        (0...(padded.height - item.size)).flatMap { y in
          (0...(padded.width - item.size)).map { x in
            padded.cropped(to: PixelRegion(x: x, y: y, width: size.width, height: size.height))
          }
        })
      var seen = Set<RGBImage>()
      var random = Random(seed: 0)
      let crop = PaddedRandomCrop(size: size, border: .mirrored)
      for _ in 0..<(12 * shifts.count) {
        seen.insert(source.applying(crop.geometry(of: source.size, random: &random)))
      }
      #expect(seen == shifts)
    }
  }

  @Test(arguments: [(1, 1), (65_500, 1), (1, 65_500), (3, 2)])
  func reflectedCropTakesAnyShape(_ width: Int, _ height: Int) {
    let image = countingImage(width: width, height: height)
    var random = Random(seed: 4)
    let size = ImageSize(height: 9, width: 12)
    let crop = PaddedRandomCrop(size: size, border: .mirrored)
    let result = image.applying(crop.geometry(of: image.size, random: &random))
    #expect(result.pixels.count == 3 * 9 * 12)
  }
}
