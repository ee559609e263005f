import ArgumentParser
import Images
import Training

/// How images are read.
struct ImageOptions: ParsableArguments {
  @Flag(inversion: .prefixedNo, help: "Turn images as their EXIF orientation says. (default: on)")
  var exif: Bool?
  @Option(help: "Lay transparent images on this colour, R,G,B. (default: drop transparency)")
  var alphaBackground: String?

  /// The decoder that they describe.
  func decoder() throws -> ImageDecoder {
    var configuration = TrainingConfiguration()
    configuration.exif = exif ?? true
    configuration.alphaBackground = alphaBackground
    return try configuration.decoder()
  }
}
