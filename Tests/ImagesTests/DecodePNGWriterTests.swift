import Foundation
import Images
import Testing

/// What is written is read back, and a failure leaves nothing behind.
@Suite struct DecodePNGWriterTests {
  private let image = RGBImage(
    width: 5, height: 3, pixels: (0..<45).map { UInt8(truncatingIfNeeded: 37 * $0) })

  private func content(_ directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
  }

  @Test func whatIsWrittenIsReadBack() throws {
    try withTemporaryDirectory { directory in
      let path = directory + "/a.png"
      try write([1, 2, 3], to: path)
      try writePNG(image, to: path)
      #expect(try ImageDecoder().decode(contentsOf: path) == image)
      let gray: [UInt8] = [0, 1, 127, 128, 254, 255]
      try writePNG(gray: gray, width: 3, height: 2, to: directory + "/b.png")
      let read = try ImageDecoder().decode(contentsOf: directory + "/b.png")
      #expect(read.width == 3 && read.height == 2)
      #expect(read.pixels == gray.flatMap { [$0, $0, $0] })
      #expect(try content(directory) == ["a.png", "b.png"])
      #expect(try ImageDecoder().decode(image.pngData(), name: "x") == image)
    }
  }

  @Test func effortMakesFilesSmallerAndNoOtherPixels() throws {
    let pixels = (0..<3 * 4096).map { (place: Int) -> UInt8 in UInt8(place * place % 251 / 9) }
    let image = RGBImage(width: 64, height: 64, pixels: pixels)
    let bytes = [try image.pngData(effort: 1), try image.pngData(effort: 9)]
    #expect(bytes[0].count > bytes[1].count)
    for bytes in bytes { #expect(try ImageDecoder().decode(bytes, name: "x") == image) }
  }

  @Test func failuresNameThePathAndLeaveNothing() throws {
    try withTemporaryDirectory { directory in
      let taken = directory + "/taken"
      try FileManager.default.createDirectory(atPath: taken, withIntermediateDirectories: false)
      let missing = directory + "/no/a.png"
      for (path, reason) in [
        (taken, "cannot replace a directory by a file"),
        (
          missing, "cannot create '\(directory)/no/.\(getpid())-0.tmp': No such file or directory ("
        ),
        ("a\0b", "a path cannot hold a zero byte"),
        (
          directory + "/" + String(repeating: "n", count: 256),
          "cannot replace: File name too long ("
        ),
        ("/dev/full", "cannot replace a device by a file"),
        ("/dev/full/a.png", "cannot create '/dev/full/.\(getpid())-0.tmp': Not a directory ("),
      ] {
        let error = #expect(throws: ImageError.self) { try writePNG(image, to: path) }
        #expect(error?.path == path && error?.reason.hasPrefix(reason) == true)
      }
      #expect(try content(directory) == ["taken"])
    }
  }

  /// Threads that write the same file do not disturb each other.
  @Test func concurrentWritesLeaveOneWholeFile() async throws {
    let directory = NSTemporaryDirectory() + "decode-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let images = (0..<64).map { task in
      RGBImage(
        width: 300, height: 100 + task,
        pixels: (0..<900 * (100 + task)).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 5 &+ task) })
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for image in images {
        group.addTask { try writePNG(image, to: directory + "/a.png") }
      }
      try await group.waitForAll()
    }
    #expect(try content(directory) == ["a.png"])
    let last = try ImageDecoder().decode(contentsOf: directory + "/a.png")
    #expect(images.contains(last))
  }
}
