import ConViT
import Images

extension SavedModel {
  /// The size of the images that the model takes: its input's last two axes.
  public var imageSize: ImageSize {
    ImageSize(height: model.input[-2], width: model.input[-1])
  }

  /// How the images of the model are read: at its size, normalised as its file says, or by
  /// ImageNet's mean and deviation where it says nothing.
  ///
  /// - Throws: `NormalizationError` or `TrainingError` for a model whose inputs cannot be images.
  public func imageReader() throws -> ImageReader {
    guard model.input.rank == 3 else {
      throw TrainingError("the model takes \(model.input), which is no image")
    }
    let own = try normalization.map { try Normalization(mean: $0.mean, std: $0.std) }
    return ImageReader(
      transform: EvaluationTransform(size: imageSize),
      normalization: try own ?? .imageNet(channels: model.input[0]))
  }

  /// The name of a class, or its number where names are not known.
  public func className(_ index: Int) -> String {
    if let classNames, index < classNames.count { return classNames[index] }
    return String(index)
  }
}
