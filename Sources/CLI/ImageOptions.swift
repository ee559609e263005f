import ArgumentParser
import Images
import Recipes

/// How images are read.
struct ImageOptions: SettingFlags {
  @Flag(onOff: "Turn images as their EXIF orientation says. (default: on)") var exif: Bool?
  @Option(.value("R,G,B", "Lay transparent images on this colour. (default: drop transparency)"))
  var alphaBackground: String?
  @Option(
    .number(
      "Evaluation keeps this share of a resized image's shorter side; 1: all. (default: 0.875)"))
  var evalCropRatio: Double?
  @Option(
    list: .number("The mean that images are normalised by, one or three. (default: ImageNet's)"))
  var mean: [OrNone<Double>] = []
  @Option(list: .number("The standard deviation for it, one or three. (default: ImageNet's)"))
  var std: [OrNone<Double>] = []
  @Option(
    .name(
      "How 16-bit PNGs become 8 bits: scale, round(v / 257), or pillow, cut as there. (default: "
        + "scale)"))
  var sixteenBit: ImageDecoder.SixteenBitPolicy?
  @OptionGroup var limits: LimitOptions
  @Flag(onOff: "Shrink large JPEGs while decoding: faster, not the exact pixels. (default: off)")
  var scaledDecoding: Bool?

  func validate() throws { _ = try usage { try settings().decoder() } }

  /// The settings that they describe, all others at their defaults.
  func settings() throws -> DataSettings {
    var data = DataSettings()
    apply(to: &data)
    try data.validate()
    return data
  }
}

/// Which images are good enough to be read.
struct LimitOptions: SettingFlags {
  @Flag(onOff: "Accept damaged JPEG data where libjpeg can make up for it. (default: off)")
  var lenientJpeg: Bool?
  @Option(.int("The most pixels of an image. (default: 89478485)")) var maxPixels: Int?
  @Option(.int("The most bytes of an image's file. (default: 268435456)")) var maxBytes: Int?
}

extension ImageDecoder.SixteenBitPolicy: ExpressibleByArgument {}

/// Throws a usage error for a number that is given and not in a range.
func require(_ name: String, _ value: Int?, in range: ClosedRange<Int>) throws {
  if let value, !range.contains(value) {
    throw ValidationError(
      "\(name) must be \(range.lowerBound) to \(range.upperBound), found \(value)")
  }
}

/// What `body` returns; what it throws is a usage error.
func usage<Value>(_ body: () throws -> Value) throws -> Value {
  do { return try body() } catch { throw ValidationError("\(error)") }
}
