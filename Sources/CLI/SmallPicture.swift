import Images

extension ImageReader {
  /// A small PNG of an image as a model sees it; nil for one that cannot be read any more.
  func smallPicture(at path: String) -> [UInt8]? { (try? image(at: path))?.smallPicture }
}

extension ClipReader {
  /// The same of the frame in the middle of those that a model sees of a clip.
  func smallPicture(at path: String) -> [UInt8]? {
    guard let views = try? images(at: path) else { return nil }
    let frames = views[views.count / 2]
    return frames[frames.count / 2].smallPicture
  }

  /// ", 3 spans of 8 frames at a stride of 4, 3 crops": for people.
  var viewsText: String {
    let spans = sampling.views == 1 ? "" : "\(sampling.views) spans of "
    return ", \(spans)\(sampling.frames) frames at a stride of \(sampling.stride)"
      + (crops.count == 1 ? "" : ", \(crops.count) crops")
  }
}

extension RGBImage {
  /// The longer side of pictures on a page, at most.
  private static let side = 128

  /// A PNG of it, made smaller if it is larger than pictures on a page.
  fileprivate var smallPicture: [UInt8]? {
    let scale = min(1, Double(Self.side) / Double(max(width, height)))
    guard scale < 1 else { return try? pngData(effort: 9) }
    func side(_ length: Int) -> Int { max(1, Int((scale * Double(length)).rounded())) }
    return try? resized(width: side(width), height: side(height), resampling: .bicubic)
      .pngData(effort: 9)
  }
}
