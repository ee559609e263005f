import Autodiff

/// Pictures of two pieces of clothing, shrunk to 14 × 14 pixels, in opposite corners of a canvas of
/// 28 × 28: a task that takes a look across the picture, and a control that does not.
///
/// Both have the same pictures. Half of them show two pieces of one class, half two of different
/// classes; which it is, is the class of a picture where the question is `match`. Where it is
/// `corner`, the class is that of the upper piece alone, of the first or the second half of all.
package struct ClothesPairs: Sendable {
  /// What decides about the class of a picture.
  package enum Question: String, CaseIterable, Sendable {
    case match, corner

    /// The names of the two classes.
    package var classes: [String] {
      switch self {
      case .match: ["same", "different"]
      case .corner: ["first-half", "second-half"]
      }
    }
  }

  /// Which two items a picture shows, the upper left and the lower right one.
  struct Pair: Hashable {
    let upper, lower: Int
  }

  private let sources: [ImageFolderWriter.Split]
  private let seed: UInt64

  /// The pictures of images of 28 × 28 grey pixels of two classes or more, of which the splits
  /// `train` and `val` are given.
  package init(_ sources: [ImageFolderWriter.Split], seed: UInt64) {
    checkPrecondition(
      sources.count == 2 && sources.allSatisfy { Set($0.labels).count > 1 },
      "ClothesPairs: two splits of two classes or more are needed")
    (self.sources, self.seed) = (sources, seed)
  }

  /// The splits `train` and `val`: a function of the images, the seed and the counts alone, and but
  /// for the labels the same for each question.
  package func splits(train: Int, val: Int, _ question: Question) -> [ImageFolderWriter.Split] {
    zip(sources, [("train", train), ("val", val)]).map { source, part in
      let (name, count) = part
      let pairs = pairs(of: source, name, count: count)
      let classes = Set(source.labels).sorted()
      let labels = pairs.map { pair -> UInt8 in
        let (upper, lower) = (source.labels[pair.upper], source.labels[pair.lower])
        switch question {
        case .match: return upper == lower ? 0 : 1
        case .corner: return classes.firstIndex(of: upper)! < classes.count / 2 ? 0 : 1
        }
      }
      return ImageFolderWriter.Split(
        name: name, labels: labels, width: MovingClothes.side, height: MovingClothes.side,
        image: { index in
          let items = try [pairs[index].upper, pairs[index].lower].map {
            MovingClothes.halved(try source.image($0))
          }
          return Self.pixels(upper: items[0], lower: items[1])
        })
    }
  }

  /// Pairs of one class and of two in turns; each item is drawn from those of its class.
  func pairs(of split: ImageFolderWriter.Split, _ name: String, count: Int) -> [Pair] {
    let random = Random(seed: seed).split("clothes pairs").split(name)
    var items = [[Int]](repeating: [], count: 256)
    for (item, label) in split.labels.enumerated() { items[Int(label)].append(item) }
    items.removeAll(where: \.isEmpty)
    return (0..<count).map { index in
      var source = random.split(index)
      let upper = source.below(items.count)
      let lower =
        index % 2 == 0 ? upper : (upper + 1 + source.below(items.count - 1)) % items.count
      return Pair(
        upper: items[upper][source.below(items[upper].count)],
        lower: items[lower][source.below(items[lower].count)])
    }
  }

  static func pixels(upper: [UInt8], lower: [UInt8]) -> [UInt8] {
    let (side, part) = (MovingClothes.side, MovingClothes.itemSide)
    var pixels = [UInt8](repeating: 0, count: side * side)
    for row in 0..<part {
      for column in 0..<part {
        pixels[row * side + column] = upper[row * part + column]
        pixels[(row + part) * side + part + column] = lower[row * part + column]
      }
    }
    return pixels
  }
}
