import Images

extension ImageReader {
  /// The longer side of pictures on a page, at most.
  private static let side = 128

  /// A small PNG of an image as a model sees it; nil for one that cannot be read any more.
  func smallPicture(at path: String) -> [UInt8]? {
    guard let image = try? image(at: path) else { return nil }
    let scale = min(1, Double(Self.side) / Double(max(image.width, image.height)))
    guard scale < 1 else { return try? image.pngData(effort: 9) }
    func side(_ length: Int) -> Int { max(1, Int((scale * Double(length)).rounded())) }
    return try? image.resized(
      width: side(image.width), height: side(image.height), resampling: .bicubic
    ).pngData(effort: 9)
  }
}
