import ConViT
import Images

extension SavedModel {
  /// The size of the images that the model takes.
  public var imageSize: ImageSize {
    ImageSize(height: model.configuration.imageHeight, width: model.configuration.imageWidth)
  }

  /// The name of a class, or its number where names are not known.
  public func className(_ index: Int) -> String {
    if let classNames, index < classNames.count { return classNames[index] }
    return String(index)
  }
}
