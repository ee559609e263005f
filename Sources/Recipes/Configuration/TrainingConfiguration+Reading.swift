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

  /// How the examples of a model are read, in training and in evaluation: images or clips.
  func readers(
    of model: any VisionModel
  ) throws -> (training: any ExampleReader, evaluation: any ExampleReader) {
    let (training, evaluation) = (try trainingReader(), try evaluationReader())
    guard let clips = model as? TimeSformer else { return (training, evaluation) }
    func reader(_ frames: ImageReader, _ placement: ClipSampling.Placement) -> ClipReader {
      ClipReader(
        frames, data.clipDecoder,
        ClipSampling(
          frames: clips.configuration.frames, stride: data.frameStride,
          placement: placement))
    }
    return (
      reader(training, data.trainPlacement.ofSampling),
      reader(evaluation, data.evalPlacement.ofSampling)
    )
  }

  /// That of the preset, as timm's `train.py` has it, unless something else is said.
  func normalization() throws -> Normalization {
    let preset = try? Preset.named(architecture.model).normalization
    let clips = (try? architecture.clipPreset()) == nil ? nil : ChannelStatistics.clips
    guard architecture.channels == 3, let own = preset ?? clips else {
      return try data.normalization(over: .imageNet(channels: architecture.channels))
    }
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

extension SavedModel {
  /// How the clips of a model are read: as ``imageReader(_:cropRatio:)`` reads images, and as the
  /// file says which frames it sees, every frame where it says nothing.
  ///
  /// - Parameters:
  ///   - stride: frames from one that is seen to the next, in place of the file's.
  ///   - placement: where the span of frames begins; several with `dense`.
  ///   - crops: 1 for that of images, or 3 along the longer side.
  /// - Throws: `WeightsError` for a model of images.
  package func clipReader(
    _ settings: DataSettings, cropRatio: Double? = nil, stride: Int? = nil,
    placement: ClipSampling.Placement = .middle, crops: Int = 1
  ) throws -> ClipReader {
    let clips = try model(as: TimeSformer.self).configuration
    let frames = ImageReader(
      decoder: try settings.decoder(), transform: evaluationTransform(cropRatio: cropRatio),
      normalization: try settings.normalization(over: frameReader().normalization))
    let reader = ClipReader(
      frames, settings.clipDecoder,
      ClipSampling(
        frames: clips.frames, stride: stride ?? frameStride ?? 1, placement: placement),
      crops: crops == 1
        ? []
        : SideCrop.all(
          size: imageSize, resampling: interpolation == .bilinear ? .bilinear : .bicubic))
    let megabytes = (4 * reader.shape.elementCount) >> 20
    guard megabytes <= 1024 else {
      throw TrainingError(
        usage: "\(reader.views) views of \(clips.frames) frames of \(imageSize.height) × "
          + "\(imageSize.width) pixels take \(megabytes) MB a clip, and 1024 are allowed: choose "
          + "fewer clips, crops or frames")
    }
    return reader
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

  /// How files become frames, which become pixels by the decoder of images.
  package var clipDecoder: ClipDecoder {
    ClipDecoder(maxFrames: maxFrames, maxSeconds: maxSeconds)
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
