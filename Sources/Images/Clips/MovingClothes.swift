import Autodiff

/// Clips that only the order of their frames tells apart: a piece of clothing, shrunk to 14 × 14
/// pixels, slides over a canvas of 28 × 28 in four frames, and the class is where it goes.
///
/// Every clip to validate on is there with its reverse, which is of another class, so that a model
/// that does not see the order of frames cannot be right on more than half of them.
///
/// With backgrounds, the brightness behind the clothes gives the class away, in `train` and in
/// `val`. In `val-shuffled`, which has the same clips, a clip and its reverse have one
/// background, drawn at random: whoever has learned the background is found out there.
package struct MovingClothes: Sendable {
  /// Where the clothes go; the reverse of a clip goes the other way.
  package enum Direction: UInt8, CaseIterable, Sendable {
    case left, right, up, down

    /// The other way along the same axis.
    var reversed: Direction { Direction(rawValue: rawValue ^ 1) ?? self }
  }

  /// What is in a clip.
  package struct Slide: Hashable, Sendable {
    /// Which piece of clothing it is.
    var item: Int
    var direction: Direction
    /// Where it is on the axis along which it does not move, 0 … 14.
    var across: Int
    /// The brightness of the canvas.
    var background: UInt8 = 0
  }

  package static let classes = Direction.allCases.map { "\($0)" }
  package static let frames = 4
  package static let side = 28
  static let itemSide = 14
  /// Where an item is on the axis along which it moves, in the frames of a clip to the right or
  /// down.
  static let places = [0, 5, 9, 14]

  private let sources: [ImageFolderWriter.Split]
  private let seed: UInt64
  private let hasBackground: Bool

  /// The clips of images of 28 × 28 grey pixels, of which the splits `train` and `val` are given.
  package init(_ sources: [ImageFolderWriter.Split], seed: UInt64, hasBackground: Bool = false) {
    checkPrecondition(
      sources.count == 2
        && sources.allSatisfy {
          $0.width == Self.side && $0.height == Self.side && !$0.labels.isEmpty
        }, "MovingClothes: two splits of \(Self.side) × \(Self.side) pixels are needed")
    (self.sources, self.seed, self.hasBackground) = (sources, seed, hasBackground)
  }

  /// The splits `train`, `val` and, with backgrounds, `val-shuffled`: a function of the images, the
  /// seed and the counts alone.
  ///
  /// - Precondition: `val`, which counts a clip and its reverse as two, is even.
  package func splits(train: Int, val: Int) -> [ImageFolderWriter.Split] {
    checkPrecondition(val % 2 == 0, "MovingClothes: \(val) clips are not pairs")
    let pairs = slides(of: "val", count: val / 2).flatMap { slide in
      var other = slide
      other.direction = slide.direction.reversed
      return [slide, other]
    }
    let name: @Sendable (Int) -> String = {
      ImageFolderWriter.Split.paddedName($0 / 2) + ($0 % 2 == 0 ? "" : "-reversed")
    }
    var splits = [
      split("train", slides(of: "train", count: train).map(told)) {
        ImageFolderWriter.Split.paddedName($0)
      },
      split("val", pairs.map(told), name: name),
    ]
    if hasBackground {
      let random = random("val").split("background")
      let shuffled = pairs.enumerated().map { index, slide in
        var (slide, source) = (slide, random.split(index / 2))
        slide.background = Self.background(of: Direction.allCases[source.below(4)])
        return slide
      }
      splits.append(split("val-shuffled", shuffled, name: name))
    }
    return splits
  }

  private func random(_ split: String) -> Random {
    Random(seed: seed).split("moving clothes").split(split)
  }

  /// Slides whose directions take turns, with an item and a place drawn for each.
  func slides(of split: String, count: Int) -> [Slide] {
    let random = random(split)
    return (0..<count).map { index in
      var source = random.split(index)
      return Slide(
        item: source.below(items(of: split).labels.count),
        direction: Direction.allCases[index % 4],
        across: source.below(Self.side - Self.itemSide + 1))
    }
  }

  /// With the background that gives the direction away, if there are backgrounds.
  private func told(_ slide: Slide) -> Slide {
    var slide = slide
    if hasBackground { slide.background = Self.background(of: slide.direction) }
    return slide
  }

  static func background(of direction: Direction) -> UInt8 { 48 * direction.rawValue }

  private func items(of split: String) -> ImageFolderWriter.Split {
    split == "train" ? sources[0] : sources[1]
  }

  private func split(
    _ name: String, _ slides: [Slide], name clip: @escaping @Sendable (Int) -> String
  ) -> ImageFolderWriter.Split {
    let images = items(of: name).image
    return ImageFolderWriter.Split(
      name: name, labels: slides.map(\.direction.rawValue), width: Self.side, height: Self.side,
      image: { Self.pixels(of: slides[$0], item: Self.halved(try images(slides[$0].item))) },
      file: { clip($0) + ".apng" })
  }

  /// The means of two by two pixels, rounded: [28, 28] → [14, 14].
  static func halved(_ image: [UInt8]) -> [UInt8] {
    (0..<itemSide * itemSide).map { place in
      let first = place / itemSide * 2 * side + place % itemSide * 2
      let sum = [0, 1, side, side + 1].reduce(0) { $0 + Int(image[first + $1]) }
      return UInt8((sum + 2) / 4)
    }
  }

  /// The frames of a slide, [4, 28, 28]. The item is light on the background: black lets it
  /// through.
  static func pixels(of slide: Slide, item: [UInt8]) -> [UInt8] {
    let isBack = slide.direction == .left || slide.direction == .up
    let isSideways = slide.direction == .left || slide.direction == .right
    let background = Int(slide.background)
    var pixels = Array(repeating: slide.background, count: frames * side * side)
    for (frame, place) in (isBack ? places.reversed() : places).enumerated() {
      let (top, left) = isSideways ? (slide.across, place) : (place, slide.across)
      for row in 0..<itemSide {
        for column in 0..<itemSide {
          let light = Int(item[row * itemSide + column])
          pixels[(frame * side + top + row) * side + left + column] =
            UInt8(background + (light * (255 - background) + 127) / 255)
        }
      }
    }
    return pixels
  }
}
