import ArgumentParser
import Images
import Training

/// How images are read.
struct ImageOptions: ParsableArguments {
  @Flag(inversion: .prefixedNo, help: "Turn images as their EXIF orientation says. (default: on)")
  var exif: Bool?
  @Option(
    help: ArgumentHelp(
      "Lay transparent images on this colour. (default: drop transparency)", valueName: "R,G,B"))
  var alphaBackground: String?
  @Flag(
    inversion: .prefixedNo,
    help: "Shrink large JPEGs while decoding: faster, not the exact pixels. (default: off)")
  var scaledDecoding: Bool?

  func validate() throws {
    do { _ = try decoder() } catch { throw ValidationError("\(error)") }
  }

  /// The decoder that they describe.
  func decoder() throws -> ImageDecoder {
    var data = DataSettings()
    data.exif = exif ?? true
    data.alphaBackground = alphaBackground
    data.scaledDecoding = scaledDecoding ?? false
    return try data.decoder()
  }
}
