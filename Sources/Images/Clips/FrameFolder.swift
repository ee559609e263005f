/// A folder of images, each a frame, sorted as a person would: 2 before 10.
final class FrameFolder: ClipFrames {
  let count: Int
  let size: ImageSize
  let rate: Double? = nil
  let format = "frames"
  private let path: String
  private let names: [String]
  private let decoder: ImageDecoder

  /// Opens a folder; of its images only the first one is looked at.
  init(_ path: String, limits: ClipDecoder) throws(ImageError) {
    (self.path, decoder) = (path, limits.images)
    let listing: DirectoryListing
    do {
      listing = try DirectoryListing(path: path)
    } catch {
      let reason = (error as? DatasetError)?.reason ?? "\(error)"
      throw ImageError(path: path, reason: reason)
    }
    if let clip = listing.files.first(where: { Self.isSeenAsClip($0, in: path) }) {
      throw Self.holdsClip(clip, path)
    }
    names = Self.frames(of: listing, in: path)
    guard let first = names.first else {
      let advice =
        listing.folders.isEmpty
        ? "" : "; a folder is one clip of frames, and those in it are clips as \(path)/*"
      throw ImageError(
        path: path, reason: "a folder without \(ImageFormat.readNames) images" + advice)
    }
    count = names.count
    size = try decoder.size(ofContentsOf: "\(path)/\(first)")
  }

  /// The names of the images in a folder, in the order of the frames.
  static func frames(of listing: DirectoryListing, in path: String) -> [String] {
    listing.files.filter { ImageNames.isImage($0, in: path) }.sorted(by: precedesNaturally)
  }

  func frame(at index: Int, as geometry: ImageGeometry?) throws(ImageError) -> RGBImage {
    checkIndex(index)
    let name = "\(path)/\(names[index])"
    let bytes = try decoder.fileBytes(name)
    if APNGChunks.isAnimated(bytes) { throw Self.holdsClip(names[index], path) }
    return try decoder.decode(frame: bytes, name: name, size: size, as: geometry)
  }

  /// Whether a file is a clip, of those that need not be opened or that nothing but their content
  /// tells; whether a PNG is animated shows when it is read.
  private static func isSeenAsClip(_ name: String, in path: String) -> Bool {
    !ImageNames.hasKnownEnding(name) && ClipNames.isClip(name, in: path)
  }

  private static func holdsClip(_ name: String, _ path: String) -> ImageError {
    ImageError(
      path: path,
      reason: "holds the clip \(name), and a folder is one clip of frames: those in it are clips "
        + "as \(path)/*")
  }
}

/// Whether a name comes before another where numbers count as such: frame2 before frame10. Names
/// with the same numbers, as 1 and 01, are in the order of their bytes.
func precedesNaturally(_ a: String, _ b: String) -> Bool {
  let (left, right) = (NameParts(a), NameParts(b))
  for (x, y) in zip(left.parts, right.parts) where x != y { return x.precedes(y) }
  if left.parts.count != right.parts.count { return left.parts.count < right.parts.count }
  return precedesInBytes(a, b)
}

/// A name as runs of digits and of other bytes.
private struct NameParts {
  struct Part: Equatable {
    let isNumber: Bool
    let bytes: ArraySlice<UInt8>  // of a number without zeros before it

    func precedes(_ other: Part) -> Bool {
      if isNumber, other.isNumber, bytes.count != other.bytes.count {
        return bytes.count < other.bytes.count
      }
      return bytes.lexicographicallyPrecedes(other.bytes)
    }
  }

  private(set) var parts: [Part] = []

  init(_ name: String) {
    var rest = Array(name.utf8)[...]
    while let first = rest.first {
      let isNumber = Self.isDigit(first)
      let part = rest.prefix { Self.isDigit($0) == isNumber }
      parts.append(
        Part(isNumber: isNumber, bytes: isNumber ? part.drop { $0 == UInt8(ascii: "0") } : part))
      rest = rest.dropFirst(part.count)
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
