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

  func validate() throws {
    do { _ = try decoder() } catch { throw ValidationError("\(error)") }
  }

  /// The decoder that they describe.
  func decoder() throws -> ImageDecoder {
    var data = DataSettings()
    data.exif = exif ?? true
    data.alphaBackground = alphaBackground
    return try data.decoder()
  }
}
