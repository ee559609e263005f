import Autodiff
import Foundation
import Testing

@testable import Images

/// A part of a fixture's `.bin` file.
struct Bytes: Decodable {
  let offset: Int
  let count: Int
}

/// An image in a fixture's `.bin` file.
struct StoredImage: Decodable {
  let width: Int
  let height: Int
  let offset: Int
  let count: Int
}

/// A fixture of `Fixtures/transforms`: cases described in JSON, arrays in a file beside it.
struct TransformFixture<Cases: Decodable> {
  let cases: Cases
  private let data: [UInt8]

  init(_ name: String) throws {
    let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
      .appending(path: "transforms")
    let json = try Data(contentsOf: folder.appending(path: "\(name).json"))
    cases = try JSONDecoder().decode(Cases.self, from: json)
    data = (try? [UInt8](Data(contentsOf: folder.appending(path: "\(name).bin")))) ?? []
  }

  func image(_ stored: StoredImage) -> RGBImage {
    RGBImage(
      width: stored.width, height: stored.height,
      pixels: Array(data[stored.offset..<(stored.offset + stored.count)]))
  }

  func floats(_ bytes: Bytes) -> [Float] {
    data[bytes.offset..<(bytes.offset + bytes.count)].withUnsafeBytes { raw in
      (0..<(bytes.count / 4)).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
  }
}

/// An image of which every byte differs from its neighbours.
func countingImage(width: Int, height: Int) -> RGBImage {
  RGBImage(
    width: width, height: height,
    pixels: (0..<(3 * width * height)).map { UInt8(truncatingIfNeeded: $0 &* 73 + $0 / 256) })
}

extension RGBImage {
  /// The middle of the image, with black around it where it is smaller.
  func middle(width: Int, height: Int) -> RGBImage {
    cropped(to: PixelRegion(inTheMiddleOf: size, ImageSize(height: height, width: width)))
  }
}

extension EvaluationTransform {
  func geometry(of image: ImageSize) -> ImageGeometry {
    geometry(of: image, random: Random(seed: 0))
  }

  func callAsFunction(_ image: RGBImage) -> RGBImage { self(image, random: Random(seed: 0)) }
}

extension AugmentationName {
  /// timm's name: "AutoContrast" of `autoContrast`.
  var timm: String { "\(self)".prefix(1).uppercased() + "\(self)".dropFirst() }

  init?(timm name: String) {
    guard let found = Self.allCases.first(where: { $0.timm == name }) else { return nil }
    self = found
  }
}
