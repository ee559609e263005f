import Images

/// The size of a model's images as it is written in flags and configs: `224` or `160x288`
/// (height × width).
package struct InputSize: WordSetting {
  /// Rows and columns of pixels.
  package let size: ImageSize

  /// A size that was written as text; nil if it is neither N nor HxW.
  package init?(_ text: String) {
    let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(sides.count), let height = sides[0], let width = sides[sides.count - 1],
      height > 0, width > 0
    else { return nil }
    size = ImageSize(height: height, width: width)
  }

  /// `224` or `160x288`
  package var description: String {
    size.height == size.width ? "\(size.height)" : "\(size.height)x\(size.width)"
  }

  package static let fault = "is not a size such as 224 or 160x288"

  /// Writes a number for a square, else text such as `160x288`.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if size.height == size.width {
      try container.encode(size.height)
    } else {
      try container.encode(description)
    }
  }
}
