import Foundation
import Images
import Testing

/// Pixels against Pillow's, exactly: see Fixtures/decode/make_fixtures.py. JPEG too: Pillow had
/// libjpeg-turbo 3.2.0, and 2.1.5 gives the same bytes. Another libjpeg may round otherwise.
@Suite struct DecodePixelTests {
  @Test func everyFixtureIsThere() {
    #expect(DecodeFixtures.names.count == 150)
  }

  @Test(arguments: DecodeFixtures.names)
  func pixelsAreThoseOfPillow(name: String) throws {
    let expected = try #require(DecodeFixtures.shared?.images[name])
    let path = DecodeFixtures.directory + name
    let image = try ImageDecoder().decode(contentsOf: path)
    #expect(image.width == expected.width && image.height == expected.height)
    expectSame(image.pixels, expected.rgb, name)
    let cut = try ImageDecoder(sixteenBit: .pillow).decode(contentsOf: path)
    expectSame(cut.pixels, expected.pillow ?? expected.rgb, name)
  }

  @Test(arguments: DecodeFixtures.names)
  func transparencyIsBlended(name: String) throws {
    let fixtures = try #require(DecodeFixtures.shared)
    let entry = try #require(fixtures.images[name])
    let colour = fixtures.background
    let decoder = ImageDecoder(
      alpha: .composited(red: colour[0], green: colour[1], blue: colour[2]))
    let image = try decoder.decode(contentsOf: DecodeFixtures.directory + name)
    // An opaque image stays as it is.
    expectSame(image.pixels, entry.composited ?? entry.rgb, name)
  }

  /// The scaling of 16-bit samples, for all of them: a PNG of 256 × 256 gray samples, each once.
  @Test func sixteenBitSamplesAreRounded() throws {
    var rows: [UInt8] = []
    for high in UInt8.min...UInt8.max {
      rows.append(0)  // no filter
      for low in UInt8.min...UInt8.max { rows += [high, low] }
    }
    let png = RawPNG.encode(width: 256, height: 256, bits: 16, colour: 0, rows: rows)
    let image = try ImageDecoder().decode(png, name: "all")
    for value in 0..<65536 {
      let expected = UInt8((Double(value) / 257).rounded())
      #expect(image.pixels[3 * value] == expected)
    }
  }

  @Test func orientationIsAppliedOnlyIfAsked() throws {
    let plain = try #require(DecodeFixtures.shared?.images["exif-1.jpg"])
    let decoder = ImageDecoder(appliesOrientation: false)
    for value in 0...9 {
      let image = try decoder.decode(
        contentsOf: DecodeFixtures.directory + "exif-\(value).jpg")
      #expect(image.width == 7 && image.height == 5)
      expectSame(image.pixels, plain.rgb, "exif-\(value).jpg")
    }
  }

  private func expectSame(_ found: [UInt8], _ expected: Data, _ name: String) {
    guard found.count == expected.count else {
      Issue.record("\(name): \(found.count) bytes, expected \(expected.count)")
      return
    }
    let differences = zip(found, expected).map { abs(Int($0) - Int($1)) }
    let different = differences.count { $0 > 0 }
    #expect(
      different == 0,
      "\(name): \(different) of \(found.count) bytes differ, by at most \(differences.max() ?? 0)")
  }
}
