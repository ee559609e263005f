import Autodiff
import Foundation
import Testing

@testable import Images

@Suite struct MovingClothesTests {
  /// Three images to train on, two to validate on, all of one brightness: 10, 20, 30 and 40, 50.
  private static let sources = [("train", [10, 20, 30]), ("val", [40, 50])].map { name, values in
    ImageFolderWriter.Split(
      name: name, labels: values.map { _ in 0 }, width: 28, height: 28,
      image: { Array(repeating: UInt8(values[$0]), count: 784) })
  }

  private func splits(
    train: Int = 40, val: Int = 40, seed: UInt64 = 0, background: Bool = false
  ) -> [ImageFolderWriter.Split] {
    MovingClothes(Self.sources, seed: seed, hasBackground: background)
      .splits(train: train, val: val)
  }

  /// A clip as its frames.
  private func frames(_ split: ImageFolderWriter.Split, _ index: Int) throws -> [[UInt8]] {
    let pixels = try split.image(index)
    return (0..<4).map { Array(pixels[784 * $0..<784 * ($0 + 1)]) }
  }

  /// Where the clothes begin in the first frame of a clip, [row, column].
  private func corner(_ split: ImageFolderWriter.Split, _ index: Int) throws -> [Int] {
    let frame = try frames(split, index)[0]
    let ground = frame.min() ?? 0
    let inside = frame.indices.filter { frame[$0] != ground }
    return [inside.map { $0 / 28 }.min() ?? -1, inside.map { $0 % 28 }.min() ?? -1]
  }

  @Test func itemsAreHalvedByTheirMeans() {
    var image = Array(repeating: UInt8(0), count: 784)
    (image[0], image[1], image[28], image[29]) = (1, 2, 3, 4)  // 10 / 4 = 2.5, rounded up
    (image[26], image[27], image[54], image[55]) = (255, 255, 255, 254)
    let half = MovingClothes.halved(image)
    #expect(half.count == 196 && half[0] == 3 && half[13] == 255)
    #expect(half.dropFirst().prefix(12).allSatisfy { $0 == 0 })
    #expect(half.dropFirst(14).allSatisfy { $0 == 0 })
  }

  @Test(arguments: MovingClothes.Direction.allCases)
  func itemsGoWhereTheClassSays(direction: MovingClothes.Direction) {
    let item = (0..<196).map { UInt8($0 == 0 ? 200 : 100) }
    let slide = MovingClothes.Slide(item: 0, direction: direction, across: 3)
    let pixels = MovingClothes.pixels(of: slide, item: item)
    let places =
      [MovingClothes.Direction.right, .down].contains(direction)
      ? [0, 5, 9, 14] : [14, 9, 5, 0]
    for (frame, place) in places.enumerated() {
      let (top, left) = [.left, .right].contains(direction) ? (3, place) : (place, 3)
      for row in 0..<28 {
        for column in 0..<28 {
          let isInside = (top..<top + 14).contains(row) && (left..<left + 14).contains(column)
          let expected: UInt8 = isInside ? (row == top && column == left ? 200 : 100) : 0
          #expect(pixels[784 * frame + 28 * row + column] == expected)
        }
      }
    }
  }

  @Test func clothesAreLightOnTheBackground() {
    let slide = MovingClothes.Slide(item: 0, direction: .right, across: 0, background: 144)
    let pixels = MovingClothes.pixels(
      of: slide, item: [0, 255, 128] + Array(repeating: 0, count: 193))
    // 144 + 128 · 111 / 255 = 199.7
    #expect(pixels[0] == 144 && pixels[1] == 255 && pixels[2] == 200 && pixels[783] == 144)
  }

  @Test func directionsTakeTurnsAndPairsAreReverses() throws {
    let splits = splits()
    #expect(splits.map(\.name) == ["train", "val"])
    #expect(splits[0].labels == (0..<40).map { UInt8($0 % 4) })
    #expect(splits[1].labels.prefix(8) == [0, 1, 1, 0, 2, 3, 3, 2])
    #expect(splits[0].file(7) == "00007.apng")
    #expect(splits[1].file(6) == "00003.apng" && splits[1].file(7) == "00003-reversed.apng")
    for pair in 0..<20 {
      #expect(
        try frames(splits[1], 2 * pair).reversed() == frames(splits[1], 2 * pair + 1))
    }
  }

  @Test func itemsAndPlacesAreDrawnFromAll() throws {
    let clips = MovingClothes(Self.sources, seed: 0)
    let slides = clips.slides(of: "train", count: 300)
    #expect(Set(slides.map(\.item)) == [0, 1, 2] && Set(slides.map(\.across)) == Set(0...14))
    #expect(Set(clips.slides(of: "val", count: 30).map(\.item)) == [0, 1])
    let brightest = try (0..<40).map { try splits()[1].image($0).max() ?? 0 }
    #expect(Set(brightest) == [40, 50])  // never an image to train on
    #expect(slides[0..<4].map(\.across) == clips.slides(of: "train", count: 4).map(\.across))
    #expect(slides[0..<8].map(\.across) != clips.slides(of: "val", count: 8).map(\.across))
  }

  @Test func theSeedDecidesEverything() throws {
    func all(_ seed: UInt64) throws -> [[UInt8]] {
      try splits(seed: seed, background: true).flatMap { split in
        try split.labels.indices.map { try split.image($0) }
      }
    }
    #expect(try all(3) == all(3))
    #expect(try all(3) != all(4))
  }

  @Test func backgroundsGiveTheClassAwayButWhereTheyAreShuffled() throws {
    let splits = splits(val: 400, background: true)
    #expect(splits.map(\.name) == ["train", "val", "val-shuffled"])
    func background(_ split: ImageFolderWriter.Split, _ index: Int) throws -> UInt8 {
      try split.image(index).min() ?? 0
    }
    for split in splits[0...1] {
      for (index, label) in split.labels.enumerated() {
        #expect(try background(split, index) == 48 * label)
      }
    }
    let shuffled = splits[2]
    #expect(shuffled.labels == splits[1].labels)
    #expect((0..<400).allSatisfy { shuffled.file($0) == splits[1].file($0) })
    var counts: [[UInt8]: Int] = [:]
    for pair in 0..<200 {
      #expect(try frames(shuffled, 2 * pair).reversed() == frames(shuffled, 2 * pair + 1))
      counts[[shuffled.labels[2 * pair], try background(shuffled, 2 * pair)], default: 0] += 1
    }
    // 16 pairs of direction and background, 12.5 clips each if they are independent.
    #expect(counts.count == 16 && (counts.values.max() ?? 99) < 26)
    // The clothes are where they were.
    #expect(try (0..<400).allSatisfy { try corner(shuffled, $0) == corner(splits[1], $0) })
  }

  @Test func foldersAndIDXFilesGiveTheSameClips() throws {
    let folder = try TemporaryFolder()
    let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28]
    let pixels = (0..<2 * 784).map { UInt8(truncatingIfNeeded: $0 * $0 / 7) }
    for prefix in ["train", "t10k"] {
      try folder.write("idx/\(prefix)-images-idx3-ubyte", header + pixels)
      try folder.write("idx/\(prefix)-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 2, 0, 1])
    }
    let files = try MovingClothes.sources(from: "\(folder.path)/idx")
    _ = try ImageFolderWriter(output: "\(folder.path)/data", classes: ["a", "b"])
      .write(files) { try writePNG(gray: $0, width: $1, height: $2, to: $3) }
    let images = try MovingClothes.sources(from: "\(folder.path)/data")
    for (one, other) in zip(files, images) {
      #expect(one.name == other.name && one.labels.count == other.labels.count)
      for index in 0..<2 { #expect(try one.image(index) == other.image(index)) }
    }
  }

  @Test func imagesOfAnotherSizeAreAnError() throws {
    let folder = try TemporaryFolder()
    for prefix in ["train", "t10k"] {
      try folder.write(
        "\(prefix)-images-idx3-ubyte", [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 5, 6])
      try folder.write("\(prefix)-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 1, 0])
    }
    let error = #expect(throws: DatasetError.self) {
      try MovingClothes.sources(from: folder.path)
    }
    #expect(error?.reason == "the images of train have 2 × 1 pixels, expected 28 × 28")
    for split in ["train", "val"] {
      try folder.makeFolder("images/\(split)/a")
      try writePNG(
        gray: [1, 2], width: 2, height: 1, to: "\(folder.path)/images/\(split)/a/0.png")
    }
    let sources = try MovingClothes.sources(from: "\(folder.path)/images")
    #expect(throws: DatasetError.self) { try sources[1].image(0) }
    // One side that is right is not enough.
    for prefix in ["train", "t10k"] {
      try folder.write(
        "\(prefix)-images-idx3-ubyte",
        [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 28] + Array(repeating: 1, count: 28))
    }
    let wide = #expect(throws: DatasetError.self) { try MovingClothes.sources(from: folder.path) }
    #expect(wide?.reason == "the images of train have 28 × 1 pixels, expected 28 × 28")
    let place = "\(folder.path)/images/val/a/0.png"
    for (width, height) in [(2, 28), (28, 2)] {
      try writePNG(
        gray: Array(repeating: 1, count: 56), width: width, height: height, to: place)
      let error = #expect(throws: DatasetError.self) { try sources[1].image(0) }
      #expect(error?.reason == "\(width) × \(height) pixels, expected 28 × 28")
    }
  }
}
