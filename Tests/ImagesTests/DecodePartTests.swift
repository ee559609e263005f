import Autodiff
import Foundation
import Testing

@testable import Images

/// Parts of images, decoded without the rest. The whole images are held against Pillow's elsewhere.
@Suite struct DecodePartTests {
  private static let directory = Bundle.module.resourcePath.map { $0 + "/Fixtures/parts/" } ?? ""
  private static let names =
    (try? FileManager.default.contentsOfDirectory(atPath: directory))
    .map { $0.filter { $0.hasSuffix(".jpg") && $0 != "shrunk.jpg" }.sorted() } ?? []

  private static func bytes(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(fileURLWithPath: directory + name)))
  }

  /// A region as it is: nothing is resized.
  private func part(
    _ region: PixelRegion, of bytes: [UInt8], _ decoder: ImageDecoder = ImageDecoder()
  ) throws -> RGBImage {
    try decoder.decode(bytes, name: "x") { _ in
      ImageGeometry(
        region: region, resized: ImageSize(height: region.height, width: region.width))
    }
  }

  private func expectEqualParts(of bytes: [UInt8], count: Int, _ name: String) throws {
    let whole = try ImageDecoder().decode(bytes, name: name)
    var random = Random(seed: 3).split(name)
    for index in 0..<count {
      // Small and large ones, and those that begin or end where the image does.
      let (most, least) = (whole.size, index % 2 == 0 ? 1 : 0)
      let width = 1 + random.below(index % 3 == 0 ? min(9, most.width) : most.width)
      let height = 1 + random.below(index % 3 == 1 ? min(9, most.height) : most.height)
      let region = PixelRegion(
        x: least * random.below(most.width - width + 1), y: random.below(most.height - height + 1),
        width: width, height: height)
      let same = try part(region, of: bytes) == whole.cropped(to: region)
      #expect(same, "\(name): \(region)")
    }
  }

  @Test func everyFixtureIsThere() { #expect(Self.names.count == 21) }

  @Test(arguments: names) func aPartOfAJPEGIsThatOfTheWhole(name: String) throws {
    try expectEqualParts(of: Self.bytes(name), count: 150, name)
  }

  @Test(arguments: DecodeFixtures.names) func aPartOfAnyFormatIsThatOfTheWhole(name: String) throws
  {
    try expectEqualParts(of: DecodeFixtures.bytes(name), count: 10, name)
  }

  @Test(arguments: ["ycc420.jpg", "exif-6.jpg", "progressive444.jpg"])
  func aTransformOfAFileIsThatOfTheImage(name: String) throws {
    let path = Self.directory + name
    let whole = try ImageDecoder().decode(contentsOf: path)
    let transforms: [any ImageTransform] = [
      TrainingTransform(size: ImageSize(40), resamplings: [.bilinear, .bicubic]),
      TrainingTransform(size: ImageSize(32)),
      TrainingTransform(shiftingTo: ImageSize(48)),
      EvaluationTransform(size: ImageSize(40)),
      EvaluationTransform(size: ImageSize(height: 20, width: 64)),
    ]
    for index in 0..<60 {
      let (transform, random) = (transforms[index % 5], Random(seed: 1).split(index))
      let direct = try ImageDecoder().decode(contentsOf: path) {
        transform.geometry(of: $0, random: random)
      }
      let same = direct == transform(whole, random: random)
      #expect(same, "\(name), \(index)")
    }
  }

  /// The upper left pixel needs a sixteenth of the file, and yet its end is missed.
  @Test(arguments: ["ycc420.jpg", "progressive420.jpg", "restarts.jpg", "gray.jpg", "cmyk.jpg"])
  func aTruncatedJPEGIsFoundWhateverThePart(name: String) throws {
    let bytes = try Self.bytes(name)
    let corner = PixelRegion(x: 0, y: 0, width: 1, height: 1)
    for count in (bytes.count - 300)..<bytes.count {
      let error = #expect(throws: ImageError.self) {
        try part(corner, of: Array(bytes.prefix(count)))
      }
      #expect(error?.reason == "damaged JPEG: Premature end of JPEG file")
    }
    // Where it may be damaged, what is missing is not looked for.
    let lenient = ImageDecoder(isLenient: true)
    _ = try part(corner, of: bytes.dropLast(2), lenient)
  }

  @Test(arguments: DecodeFixtures.names.filter { $0.hasSuffix(".webp") })
  func aPartOfAWebPIsThatOfTheWhole(name: String) throws {
    try expectEqualParts(of: DecodeFixtures.bytes(name), count: 150, name)
  }

  @Test func aTruncatedPNGIsFoundWhateverThePart() throws {
    let corner = PixelRegion(x: 0, y: 0, width: 1, height: 1)
    for name in ["rgb8.png", "rgb8-interlaced.png", "palette4-trns.png", "rgba16.png"] {
      let bytes = try DecodeFixtures.bytes(name)
      for count in 0..<bytes.count {
        #expect(throws: ImageError.self, "\(name): \(count)") {
          try part(corner, of: Array(bytes.prefix(count)))
        }
      }
    }
  }

  /// What is wrong with a file does not depend on which part of it is decoded.
  @Test func damageBelowAPartIsFound() throws {
    var bytes = try Self.bytes("restarts.jpg")
    let restarts = JPEGMarkers.restarts(in: bytes)
    try #require(restarts.count == 4)  // between rows of blocks of 16 × 16
    bytes[restarts[2] + 1] ^= 1  // above row 48
    let reason = "damaged JPEG: Corrupt JPEG data: found marker 0xd3 instead of RST2"
    for (y, height) in [(0, 1), (0, 30), (40, 31), (66, 5)] {
      let region = PixelRegion(x: 3, y: y, width: 50, height: height)
      let error = #expect(throws: ImageError.self) { try part(region, of: bytes) }
      #expect(error?.reason == reason)
    }
    let error = #expect(throws: ImageError.self) { try ImageDecoder().decode(bytes, name: "x") }
    #expect(error?.reason == reason)
  }

  /// A changed byte of a JPEG is found in the whole image if and only if it is found in a part.
  @Test(arguments: ["ycc420.jpg", "gray.jpg", "progressive444.jpg", "restarts.jpg"])
  func wholesAndPartsAgree(name: String) throws {
    let bytes = try Self.bytes(name)
    let corner = PixelRegion(x: 0, y: 0, width: 4, height: 4)
    var random = Random(seed: 5).split(name)
    for _ in 0..<300 {
      var changed = bytes
      changed[random.below(bytes.count)] ^= 1 << random.below(8)
      let whole = try? ImageDecoder().decode(changed, name: "x")
      if let whole, whole.width < 4 || whole.height < 4 { continue }
      #expect((try? part(corner, of: changed)) == whole?.cropped(to: corner))
    }
  }

  @Test func aShrunkJPEGIsPillowsDraft() throws {
    struct Expected: Decodable { let height, width: Int, rgb: Data }
    let file = URL(fileURLWithPath: Self.directory + "shrunk.json")
    let expected = try JSONDecoder().decode(Expected.self, from: Data(contentsOf: file))
    let decoder = ImageDecoder(scalesWhileDecoding: true)
    let size = ImageSize(height: expected.height, width: expected.width)
    let geometry = { (image: ImageSize) in
      ImageGeometry(region: PixelRegion(wholeOf: image), resized: size)
    }
    let path = Self.directory + "shrunk.jpg"
    let shrunk = try decoder.decode(contentsOf: path, as: geometry)
    #expect(shrunk == RGBImage(width: 71, height: 54, pixels: Array(expected.rgb)))
    let exact = try ImageDecoder().decode(contentsOf: path, as: geometry)
    #expect(exact != shrunk)
    let differences = zip(exact.pixels, shrunk.pixels).map { abs(Int($0) - Int($1)) }
    #expect(differences.reduce(0, +) < 2 * differences.count)
    // Half as much would be less than twice the size: exact.
    let large = { (image: ImageSize) in
      ImageGeometry(
        region: PixelRegion(wholeOf: image), resized: ImageSize(height: 170, width: 226))
    }
    #expect(
      try decoder.decode(contentsOf: path, as: large)
        == ImageDecoder().decode(contentsOf: path, as: large))
  }
}
