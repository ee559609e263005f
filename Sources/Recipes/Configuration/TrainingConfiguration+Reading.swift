import ConViT
import Files
import Images
import Training

// From files to what a model takes.
extension TrainingConfiguration {
  func trainingReader() throws -> ImageReader {
    let plain = try evaluationReader()
    let transform = try augmentation.transform(
      insteadOf: data.evaluationTransform(size: architecture.inputSize.size),
      fill: RGBColor(meanOf: plain.normalization))
    return ImageReader(
      decoder: plain.decoder, transform: transform, normalization: plain.normalization,
      erasing: augmentation.erasing)
  }

  package func evaluationReader() throws -> ImageReader {
    ImageReader(
      decoder: try data.decoder(),
      transform: data.evaluationTransform(size: architecture.inputSize.size),
      normalization: try normalization())
  }

  /// That of the preset, as timm's `train.py` has it, unless something else is said.
  func normalization() throws -> Normalization {
    guard architecture.channels == 3, let preset = try? Preset.named(architecture.model) else {
      return try data.normalization(over: .imageNet(channels: architecture.channels))
    }
    let own = preset.normalization
    return try data.normalization(over: Normalization(mean: own.mean, std: own.std))
  }
}

extension SavedModel {
  /// How the images of the model are read with other settings than ``imageReader()``'s, and another
  /// crop if there is one.
  package func imageReader(_ settings: DataSettings, cropRatio: Double? = nil) throws -> ImageReader
  {
    ImageReader(
      decoder: try settings.decoder(), transform: evaluationTransform(cropRatio: cropRatio),
      normalization: try settings.normalization(over: imageReader().normalization))
  }
}

extension Normalization {
  var statistics: ChannelStatistics { ChannelStatistics(mean: mean, std: std) }
}

extension DataSettings {
  /// The usual normalisation, with `mean` and `std` in the place of its own where they are given.
  /// One number is for all channels.
  func normalization(over base: Normalization) throws(TrainingError) -> Normalization {
    func values(
      _ name: String, _ own: [Double]?, _ base: [Float]
    ) throws(TrainingError) -> [Float] {
      guard let own else { return base }
      try require(
        own.count == 1 || own.count == base.count,
        "\(name) has \(own.count) numbers for images of "
          + counted(base.count, "channel", "channels"))
      return own.count == 1 ? base.map { _ in Float(own[0]) } : own.map { Float($0) }
    }
    let (mean, std) = (try values("mean", mean, base.mean), try values("std", std, base.std))
    do {
      return try Normalization(mean: mean, std: std)
    } catch {
      throw TrainingError(usage: "mean, std: \(error)")
    }
  }

  /// From an image to what is evaluated of it.
  package func evaluationTransform(size: ImageSize) -> EvaluationTransform {
    EvaluationTransform(size: size, cropRatio: evalCropRatio)
  }

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
