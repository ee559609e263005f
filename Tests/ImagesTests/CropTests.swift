import Autodiff
import Testing

@testable import Images

@Suite struct CropTests {
  struct Evaluation: Decodable {
    struct Case: Decodable {
      let source: String
      let result: StoredImage
      let planes: Bytes?
    }
    let sources: [String: StoredImage]
    let cases: [Case]
    let crops: [Case]
  }

  struct RandomCase: Decodable {
    let width: Int
    let height: Int
    let uniform: [Double]
    let used: Int
    let region: [Int]
  }

  @Test func centreCropIsTorchvisions() throws {
    let fixture = try TransformFixture<Evaluation>("evaluation")
    #expect(fixture.cases.crops.count == 5)
    for item in fixture.cases.crops {
      let source = fixture.image(try #require(fixture.cases.sources[item.source]))
      let result = source.middle(width: item.result.width, height: item.result.height)
      let same = result == fixture.image(item.result)
      #expect(same, "\(item)")
    }
  }

  @Test func outsideIsBlack() {
    let image = countingImage(width: 3, height: 2)
    let wide = image.cropped(to: PixelRegion(x: -2, y: -1, width: 7, height: 5))
    for y in 0..<5 {
      for x in 0..<7 {
        let expected =
          (1..<3).contains(y) && (2..<5).contains(x)
          ? Array(image.pixels[(3 * ((y - 1) * 3 + x - 2))...].prefix(3)) : [0, 0, 0]
        #expect(Array(wide.pixels[(3 * (y * 7 + x))...].prefix(3)) == expected)
      }
    }
    for region in [
      PixelRegion(x: 9, y: 0, width: 2, height: 2), PixelRegion(x: -9, y: 0, width: 2, height: 2),
      PixelRegion(x: 0, y: 5, width: 2, height: 2), PixelRegion(x: 0, y: -5, width: 2, height: 2),
    ] {
      #expect(image.cropped(to: region).pixels == [UInt8](repeating: 0, count: 12))
    }
  }

  @Test func flipReversesPixelsAndKeepsChannels() {
    let image = RGBImage(
      width: 3, height: 2, pixels: [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19])
    let flipped = image.flippedHorizontally()
    #expect(
      flipped.pixels == [7, 8, 9, 4, 5, 6, 1, 2, 3, 17, 18, 19, 14, 15, 16, 11, 12, 13])
    #expect(flipped.flippedHorizontally() == image)
  }

  @Test func randomResizedCropChoosesAsTorchvision() throws {
    let fixture = try TransformFixture<[RandomCase]>("crop")
    #expect(fixture.cases.count == 48)
    let crop = RandomResizedCrop(size: ImageSize(8))
    for item in fixture.cases {
      var used = 0
      let region = crop.region(of: ImageSize(height: item.height, width: item.width)) {
        used += 1
        return item.uniform[used - 1]
      }
      #expect([region.x, region.y, region.width, region.height] == item.region)
      #expect(used == item.used)
    }
  }

  @Test(arguments: [(1, 1), (1, 4000), (4000, 1), (7, 300)])
  func randomResizedCropEndsForAnyShape(width: Int, height: Int) {
    let image = countingImage(width: width, height: height)
    var random = Random(seed: 3)
    let crop = RandomResizedCrop(size: ImageSize(height: 6, width: 5))
    let result = image.applying(crop.geometry(of: image.size, random: &random))
    #expect(result.width == 5 && result.height == 6)
  }

  @Test func paddedCropReachesEveryShift() {
    let image = countingImage(width: 8, height: 8)
    let crop = PaddedRandomCrop(size: ImageSize(8), padding: 1)
    let shifts = (-1...1).flatMap { y in
      (-1...1).map { x in image.cropped(to: PixelRegion(x: x, y: y, width: 8, height: 8)) }
    }
    var random = Random(seed: 0)
    var seen = Set<RGBImage>()
    for _ in 0..<200 { seen.insert(image.applying(crop.geometry(of: image.size, random: &random))) }
    #expect(seen == Set(shifts))
  }
}
