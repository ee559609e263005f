import Autodiff

/// A clip that is open: how many frames it has, and each of them when it is asked for.
///
/// No more than a frame or two are in memory, however many there are. Frames are cheapest in their
/// order: where one is made from the one before (GIF, APNG, video), an earlier one than the last is
/// read from the beginning. A clip is for one thread at a time.
public protocol ClipFrames: AnyObject {
  /// How many frames there are, at least 1.
  var count: Int { get }
  /// The size of every frame.
  var size: ImageSize { get }
  /// Frames per second, the mean where they last differently; nil if the clip does not say.
  var rate: Double? { get }
  /// What kind of clip it is, for a report: "GIF", "frames".
  var format: String { get }

  /// A frame, or what a geometry for `size` makes of it.
  ///
  /// - Precondition: `index` is in 0 ..< `count`.
  /// - Throws: `ImageError` if the frame is damaged, or of another size.
  func frame(at index: Int, as geometry: ImageGeometry?) throws(ImageError) -> RGBImage

  /// Decodes a frame to see whether it can be read, without an image of it where that is less work.
  ///
  /// - Throws: what `frame(at:as:)` does.
  func check(at index: Int) throws(ImageError)
}

extension ClipFrames {
  /// Makes the image, and drops it.
  public func check(at index: Int) throws(ImageError) { _ = try frame(at: index) }

  /// The whole frame.
  public func frame(at index: Int) throws(ImageError) -> RGBImage {
    try frame(at: index, as: nil)
  }

  /// How long the clip takes, in seconds; nil if it does not say.
  public var seconds: Double? { rate.map { Double(count) / $0 } }

  func checkIndex(_ index: Int) {
    checkPrecondition((0..<count).contains(index), "frame \(index) of a clip of \(count)")
  }
}

/// The frames of a clip in which each is made from the one before.
protocol FrameSequence: AnyObject {
  /// Makes the canvas what it is before the first frame.
  func begin()
  /// Goes to the frame `index`, which is the next one.
  func advance(to index: Int) throws(ImageError)
  /// The canvas as an image.
  func image() -> RGBImage
}

/// Frames in any order from a sequence that only goes forward.
final class SequentialFrames: ClipFrames {
  let count: Int
  let size: ImageSize
  let rate: Double?
  let format: String
  private let sequence: any FrameSequence
  private var last = -1  // the frame that is on the canvas

  init(_ sequence: any FrameSequence, count: Int, size: ImageSize, rate: Double?, format: String) {
    (self.sequence, self.count, self.size) = (sequence, count, size)
    (self.rate, self.format) = (rate, format)
  }

  func frame(at index: Int, as geometry: ImageGeometry?) throws(ImageError) -> RGBImage {
    try check(at: index)
    let image = sequence.image()
    return geometry.map { image.applying($0) } ?? image
  }

  /// Draws it, and those before it that are not drawn yet.
  func check(at index: Int) throws(ImageError) {
    checkIndex(index)
    if index < last || last < 0 {
      sequence.begin()
      last = -1
    }
    while last < index {
      let next = last + 1
      last = -1  // after an error, from the beginning
      try sequence.advance(to: next)
      last = next
    }
  }
}
