import Autodiff
import Foundation
import Testing

@testable import Images

/// Images of one channel against Pillow's `convert("L")` (Fixtures/decode/make_gray.py).
@Suite struct GrayTests {
  /// By name: the image, and the image resized to 9 × 7.
  private static let expected: [String: [Data]] = {
    let file = FileManager.default.contents(atPath: DecodeFixtures.directory + "gray.json")
    return file.flatMap { try? JSONDecoder().decode([String: [Data]].self, from: $0) } ?? [:]
  }()

  private func tripled(_ gray: Data) -> [UInt8] { gray.flatMap { [$0, $0, $0] } }

  /// Whatever the mode of a file: as it is, and after resizing, which in Pillow has one channel.
  @Test(arguments: expected.keys.sorted())
  func pixelsAreThoseOfPillow(name: String) throws {
    let expected = try #require(Self.expected[name])
    let decoder = ImageDecoder(sixteenBit: .pillow, isGray: true)
    let path = DecodeFixtures.directory + name
    let image = try decoder.decode(contentsOf: path)
    #expect(image.pixels == tripled(expected[0]))
    let size = ImageSize(height: 7, width: 9)
    let resized = try decoder.decode(
      contentsOf: path,
      as: { ImageGeometry(region: PixelRegion(wholeOf: $0), resized: size) })
    #expect(resized.pixels == tripled(expected[1]))
  }

  @Test func everyFixtureIsThere() { #expect(Self.expected.count == 149) }

  /// Every operation and erasing: what comes out of a grey image is grey, and of one channel.
  @Test func whateverIsDoneToThemStaysGray() throws {
    let path = DecodeFixtures.directory + "rgb.jpg"
    let normalization = Normalization.imageNetGray
    var transform = TrainingTransform(size: ImageSize(height: 40, width: 33))
    transform.jitter = 0.4
    transform.fill = RGBColor(meanOf: normalization)
    for (index, text) in ["rand-m9-mstd0.5-inc1-n6", "3a", "v0", "augmix-m5-w4-d2"].enumerated() {
      transform.policy = try AugmentationPolicy(text)
      let reader = ImageReader(transform: transform, normalization: normalization)
      #expect(reader.shape == [1, 40, 33] && reader.decoder.isGray)
      for seed in 0..<50 {
        let random = Random(seed: 3).split(index).split(seed)
        let image = try reader.image(at: path, random: random)
        let isGray = stride(from: 0, to: image.pixels.count, by: 3).allSatisfy {
          Set(image.pixels[$0..<$0 + 3]).count == 1
        }
        #expect(isGray, "\(text), \(seed)")
      }
    }
  }

  /// The numbers of an image are those of its one plane, and erasing goes through it alone.
  @Test func onePlaneIsNormalisedAndErased() throws {
    let path = DecodeFixtures.directory + "rgb.jpg"
    let size = ImageSize(height: 20, width: 30)
    let erasing = RandomErasing(probability: 1, mode: .rand)
    func planes(_ erasing: RandomErasing?) throws -> [Float] {
      let reader = ImageReader(
        transform: EvaluationTransform(size: size), normalization: .imageNetGray,
        erasing: erasing)
      let request = ExampleRequest(
        Example(path: path, label: 0, index: 0), random: Random(seed: 4))
      return try #require(
        try BatchLoader(order: [request], reader: reader, batchSize: 1, workers: 0).next()
      ).inputs.elements
    }
    let plain = try planes(nil)
    let image = try ImageDecoder(isGray: true).decode(
      contentsOf: path, as: { EvaluationTransform(size: size).geometry(of: $0) })
    let expected = (0..<600).map { (Float(image.pixels[3 * $0]) / 255 - 0.449) / 0.226 }
    #expect(plain == expected)
    let erased = try planes(erasing)
    let changed = erased.indices.filter { erased[$0] != plain[$0] }
    #expect(erased.count == 600 && changed.count > 10 && changed.count < 300)
    #expect(Set(changed.map { erased[$0] }).count == 1)
  }

  @Test func imagesHaveOneChannelOrThree() throws {
    #expect(try Normalization.imageNet(channels: 3) == .imageNet)
    #expect(try Normalization.imageNet(channels: 1) == .imageNetGray)
    let error = #expect(throws: TransformError.self) { try Normalization.imageNet(channels: 4) }
    #expect(error?.description == "images have 3 channels, or 1, not 4")
  }
}
