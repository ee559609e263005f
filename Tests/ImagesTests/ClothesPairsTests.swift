import Autodiff
import Foundation
import Testing

@testable import Images

@Suite struct ClothesPairsTests {
  /// Four classes of three images, all of one brightness: 10 · class + number.
  private static let sources = ["train", "val"].map { name in
    ImageFolderWriter.Split(
      name: name, labels: (0..<12).map { UInt8($0 / 3) }, width: 28, height: 28,
      image: { Array(repeating: UInt8($0 / 3 * 10 + $0 % 3), count: 784) })
  }

  private func splits(_ question: ClothesPairs.Question, seed: UInt64 = 0)
    -> [ImageFolderWriter.Split]
  { ClothesPairs(Self.sources, seed: seed).splits(train: 40, val: 21, question) }

  @Test func classesAreThoseOfThePictures() throws {
    let (match, corner) = (splits(.match), splits(.corner))
    #expect(match.map(\.name) == ["train", "val"] && match.map(\.labels.count) == [40, 21])
    var seen: Set<[UInt8]> = []
    for (mine, control) in zip(match, corner) {
      for index in mine.labels.indices {
        let pixels = try mine.image(index)
        #expect(try control.image(index) == pixels)
        let (upper, lower) = (pixels[0], pixels[783])
        for row in 0..<28 {
          for column in 0..<28 {
            let expected: UInt8 =
              row < 14 && column < 14 ? upper : row >= 14 && column >= 14 ? lower : 0
            #expect(pixels[28 * row + column] == expected)
          }
        }
        #expect(mine.labels[index] == (upper / 10 == lower / 10 ? 0 : 1))
        #expect(control.labels[index] == (upper / 10 < 2 ? 0 : 1))
        seen.insert([upper, lower])
      }
      #expect(mine.labels.count { $0 == 0 } == (mine.labels.count + 1) / 2)
    }
    #expect(seen.count > 40)  // of 144
  }

  @Test func seedsDecide() throws {
    func pictures(_ seed: UInt64) throws -> [[UInt8]] {
      let split = splits(.match, seed: seed)[0]
      return try (0..<40).map { try split.image($0) }
    }
    #expect(try pictures(0) == pictures(0))
    #expect(try pictures(0) != pictures(1))
  }
}
