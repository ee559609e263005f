import ConViT
import Files
import Images
import Training

// From files to what a model takes.
extension TrainingConfiguration {
  /// How images are normalised.
  ///
  /// - Throws: `TrainingError` unless `mean` and `std` are for the model's channels.
  func normalization() throws -> Normalization {
    try data.normalization(over: .imageNet(channels: architecture.channels))
  }

  /// How training images are read.
  func trainingReader() throws -> ImageReader {
    let normalization = try normalization()
    return ImageReader(
      decoder: try data.decoder(),
      transform: try augmentation.transform(
        insteadOf: data.evaluationTransform(size: architecture.inputSize.size),
        fill: RGBColor(meanOf: normalization)),
      normalization: normalization, erasing: augmentation.erasing)
  }

  /// How the images of an evaluation are read.
  func evaluationReader() throws -> ImageReader {
    ImageReader(
      decoder: try data.decoder(),
      transform: data.evaluationTransform(size: architecture.inputSize.size),
      normalization: try normalization())
  }
}

extension DataSettings {
  /// The normalisation of another source, with `mean` and `std` in the place of its own where they
  /// are given. One number is for all channels.
  ///
  /// - Throws: `TrainingError` if they are not for as many channels, or cannot normalise.
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
    do {
      return try Normalization(
        mean: values("mean", mean, base.mean), std: values("std", std, base.std))
    } catch let error as TransformError {
      throw TrainingError(usage: "mean, std: \(error)")
    } catch let error as TrainingError {
      throw error
    } catch {
      fatalError("DataSettings.normalization: \(error)")
    }
  }
}

extension SavedModel {
  /// How the images of the model are read with other settings than ``imageReader()``'s.
  ///
  /// - Parameter settings: how files become pixels; `mean` and `std`, if given, go before the
  ///   file's.
  /// - Throws: what that throws; `TrainingError` for settings that are not for its channels.
  package func imageReader(_ settings: DataSettings) throws -> ImageReader {
    let own = try imageReader().normalization
    return ImageReader(
      decoder: try settings.decoder(), transform: settings.evaluationTransform(size: imageSize),
      normalization: try settings.normalization(over: own))
  }
}

extension Normalization {
  /// The same as weights files have it.
  var statistics: ChannelStatistics { ChannelStatistics(mean: mean, std: std) }
}
