import Images
import Training

extension DataSettings {
  /// From an image to what is evaluated of it.
  package func evaluationTransform(size: ImageSize) -> EvaluationTransform {
    EvaluationTransform(size: size, cropRatio: evalCropRatio)
  }

  /// How images are read.
  ///
  /// - Throws: `TrainingError` if `alphaBackground` is no colour.
  package func decoder() throws -> ImageDecoder {
    var decoder = ImageDecoder(
      appliesOrientation: exif, sixteenBit: sixteenBit, isLenient: lenientJpeg,
      maxPixels: maxPixels, maxBytes: maxBytes, scalesWhileDecoding: scaledDecoding)
    if let alphaBackground {
      let parts = alphaBackground.split(separator: ",", omittingEmptySubsequences: false)
      let values = parts.map { UInt8($0) }
      guard values.count == 3, let r = values[0], let g = values[1], let b = values[2] else {
        throw TrainingError(
          usage: "alpha-background '\(alphaBackground)' is not a colour such as 255,255,255")
      }
      decoder.alpha = .composited(red: r, green: g, blue: b)
    }
    return decoder
  }
}
