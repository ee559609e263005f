import Testing

@testable import Images

@Suite struct ResizeTests {
  struct Cases: Decodable {
    struct Case: Decodable {
      let source: String
      let resampling: String
      let box: [Float]?
      let result: StoredImage
    }
    let sources: [String: StoredImage]
    let cases: [Case]
  }

  @Test func everyByteIsPillows() throws {
    let fixture = try TransformFixture<Cases>("resize")
    #expect(fixture.cases.cases.count == 54)
    for item in fixture.cases.cases {
      let source = fixture.image(try #require(fixture.cases.sources[item.source]))
      let resampling = try #require(Resampling(rawValue: item.resampling))
      let box = item.box.map { ResizeBox(left: $0[0], top: $0[1], right: $0[2], bottom: $0[3]) }
      let geometry = ImageGeometry(
        region: PixelRegion(wholeOf: source.size),
        resized: ImageSize(height: item.result.height, width: item.result.width),
        resampling: resampling)
      let result = ResamplingPlan(geometry, box: box, of: source.size).result(ofImage: source)
      let same = result == fixture.image(item.result)  // apart: a failure prints its operands
      #expect(same, "\(item)")
    }
  }

  @Test(arguments: Resampling.allCases)
  func aRegionIsACropThenAResize(resampling: Resampling) {
    let image = countingImage(width: 31, height: 23)
    for region in [
      PixelRegion(x: 0, y: 0, width: 31, height: 23), PixelRegion(x: 4, y: 7, width: 20, height: 9),
      PixelRegion(x: 30, y: 22, width: 1, height: 1),
      PixelRegion(x: 3, y: 2, width: 16, height: 16),
    ] {
      for (width, height) in [(16, 16), (20, 5), (7, 9), (20, 9)] {
        let direct = image.applying(
          ImageGeometry(
            region: region, resized: ImageSize(height: height, width: width),
            resampling: resampling))
        let inTwo = image.cropped(to: region)
          .resized(width: width, height: height, resampling: resampling)
        #expect(direct == inTwo)
      }
    }
  }

  /// The mirror image is made by the order of the weights, or at last where there are none.
  @Test func mirroredIsFlippedAtLast() {
    let image = countingImage(width: 31, height: 23)
    let region = PixelRegion(x: 2, y: 1, width: 26, height: 21)
    let kept = [(0, 0, 9, 8), (1, 2, 7, 5), (-2, -3, 12, 13)]
    for (width, height) in [(9, 8), (26, 8), (26, 21), (50, 9), (9, 40)] {
      for (x, y, columns, rows) in kept {
        var geometry = ImageGeometry(
          region: region, resized: ImageSize(height: height, width: width),
          kept: PixelRegion(x: x, y: y, width: columns, height: rows))
        let plain = image.applying(geometry)
        geometry.isMirrored = true
        #expect(image.applying(geometry) == plain.flippedHorizontally())
        #expect(plain.width == columns && plain.height == rows)
      }
    }
  }

  @Test func aConstantImageStaysConstant() {
    let image = RGBImage(width: 13, height: 9, pixels: [UInt8](repeating: 255, count: 3 * 13 * 9))
    for resampling in Resampling.allCases {
      let result = image.resized(width: 40, height: 3, resampling: resampling)
      #expect(result.pixels.allSatisfy { $0 == 255 })
    }
  }
}
