import ConViT
import Images

extension SavedModel {
  /// The size of the images that the model takes: its input's last two axes.
  public var imageSize: ImageSize {
    ImageSize(height: model.input[-2], width: model.input[-1])
  }

  /// The name of a class, or its number where names are not known.
  public func className(_ index: Int) -> String {
    if let classNames, index < classNames.count { return classNames[index] }
    return String(index)
  }
}
