import Foundation
import Testing

@testable import Images

/// An IDX file: big-endian words, then elements.
private func idx(_ words: [UInt32], _ elements: [UInt8]) -> [UInt8] {
  words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) } }
    + elements
}

/// Python's `gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 40]) + bytes(40), mtime=0)`.
private let gzippedLabels: [UInt8] = [
  0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x63, 0x60, 0xe0, 0x60, 0x64, 0x60,
  0x60, 0xd0, 0x60, 0x20, 0x12, 0x00, 0x00, 0xff, 0xa7, 0x2a, 0x81, 0x30, 0x00, 0x00, 0x00,
]

@Suite struct IDXTests {
  private let folder: TemporaryFolder
  private let pixels = (0..<24).map { UInt8($0 * 10) }

  init() throws { folder = try TemporaryFolder() }

  private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

  /// The reason why a file of images cannot be read.
  private func imagesError(_ bytes: [UInt8], maxBytes: Int = 1 << 20) throws -> String {
    try folder.write("bad", bytes)
    let error = #expect(throws: DatasetError.self) {
      try IDXImages(path: path("bad"), maxBytes: maxBytes)
    }
    #expect(error?.path == path("bad"))
    return error?.reason ?? ""
  }

  /// The reason why labels do not go with two images of 3 × 4.
  private func labelsError(_ bytes: [UInt8], maxBytes: Int = 1 << 20) throws -> String {
    try folder.write("images", idx([0x803, 2, 3, 4], pixels))
    try folder.write("labels", bytes)
    let error = #expect(throws: DatasetError.self) {
      try IDXDataset(
        images: path("images"), labels: path("labels"), classCount: 10, maxBytes: maxBytes)
    }
    return error?.reason ?? ""
  }

  @Test func imagesAndLabelsAreRead() throws {
    try folder.write("images", idx([0x803, 2, 3, 4], pixels))
    try folder.write("labels", idx([0x801, 2], [9, 0]))
    let data = try IDXDataset(images: path("images"), labels: path("labels"), classCount: 10)
    #expect(data.images.count == 2 && data.images.rows == 3 && data.images.columns == 4)
    #expect(data.images[0] == Array(pixels[..<12]) && data.images[1] == Array(pixels[12...]))
    #expect(data.labels == [9, 0])
  }

  @Test func anythingButWhatTheHeaderSaysIsAnError() throws {
    let whole = idx([0x803, 2, 3, 4], pixels)
    for length in 0..<whole.count {
      let reason = try imagesError(Array(whole[..<length]))
      #expect(reason.contains(length < 16 ? "the header takes 16" : "there are \(length - 16)"))
    }
    let over = try imagesError(whole + [0])
    #expect(over == "its header says 2 × 3 × 4 elements, and there are 25")
    let magic = try imagesError(idx([0x801, 24, 0, 0], pixels))
    #expect(
      magic
        == "not an IDX file of images: it begins with 0x00000801, expected 0x00000803")
    let empty = try imagesError(idx([0x803, 0, 3, 4], []))
    #expect(empty == "nothing in it: its header says 0 × 3 × 4")
    let huge = try imagesError(idx([0x803, .max, .max, .max], pixels))
    #expect(huge.contains("4294967295 × 4294967295 × 4294967295 elements"))
    let limited = try imagesError(whole, maxBytes: 39)
    #expect(limited == "40 bytes is over the limit of 39")
  }

  @Test func labelsMustFitTheImagesAndTheClasses() throws {
    let count = try labelsError(idx([0x801, 3], [1, 2, 3]))
    #expect(count == "3 labels for the 2 images of \(path("images"))")
    let value = try labelsError(idx([0x801, 2], [9, 10]))
    #expect(value == "label 10 of image 1 is not below 10, the number of classes")
    let short = try labelsError(idx([0x801, 2], [9]))
    #expect(short == "its header says 2 elements, and there are 1")
  }

  @Test func gzippedFilesAreUnpackedWithinTheLimit() throws {
    // That there are 40 is seen where they are compared with the images.
    let whole = try labelsError(gzippedLabels)
    #expect(whole.hasPrefix("40 labels for the 2 images"))
    let limited = try labelsError(gzippedLabels, maxBytes: 47)
    #expect(limited == "gzip data: more than the limit of 47 bytes")
    for length in 2..<gzippedLabels.count {
      let reason = try labelsError(Array(gzippedLabels[..<length]))
      #expect(reason == "damaged gzip data: ends too early")
    }
    let at = gzippedLabels.count - 4
    for size in [UInt8](0...47) + [49, 255] {  // what the end says is not what there is
      let bytes = Array(gzippedLabels[..<at]) + [size, 0, 0, 0]
      #expect(try labelsError(bytes) == "damaged gzip data: incorrect length check")
    }
    var flipped = gzippedLabels
    flipped[at - 1] ^= 1  // the checksum
    #expect(try labelsError(flipped) == "damaged gzip data: incorrect data check")
  }

  @Test func aFileThatIsNotOneIsAnError() throws {
    try folder.makeFolder("images")
    #expect(
      throws: DatasetError(
        path: path("images"), reason: "expected a regular file, found a directory")
    ) {
      try IDXImages(path: path("images"))
    }
    let missing = #expect(throws: DatasetError.self) { try IDXImages(path: path("none")) }
    #expect(missing?.reason == "cannot open: No such file or directory")
    #expect(mkfifo(path("pipe"), 0o600) == 0)
    #expect(
      throws: DatasetError(path: path("pipe"), reason: "expected a regular file, found a pipe")
    ) {
      try IDXImages(path: path("pipe"))
    }
  }

  @Test func fashionMNISTNamesItsPackage() {
    #expect(FashionMNIST.classes.count == 10)
    let error = #expect(throws: DatasetError.self) {
      try FashionMNIST.splits(from: folder.path)
    }
    #expect(error?.path == path("train-images-idx3-ubyte"))
    #expect(error?.reason.contains("apt-get install dataset-fashion-mnist") == true)
  }

  /// Counts, mean and standard deviation as published (0.2860 and 0.3530 of the training images).
  @Test(.enabled(if: FileManager.default.fileExists(atPath: FashionMNIST.defaultLocation)))
  func fashionMNISTIsWhatItShouldBe() throws {
    let splits = try FashionMNIST.splits()
    #expect(splits.map(\.name) == ["train", "val"])
    #expect(splits.map(\.labels.count) == [60000, 10000])
    for (split, each) in zip(splits, [6000, 1000]) {
      var counts = [Int](repeating: 0, count: 10)
      for label in split.labels { counts[Int(label)] += 1 }
      #expect(counts == [Int](repeating: each, count: 10))
    }
    var histogram = [Int](repeating: 0, count: 256)
    for i in 0..<60000 {
      try splits[0].image(i).withUnsafeBufferPointer { for v in $0 { histogram[Int(v)] += 1 } }
    }
    let total = Double(60000 * 28 * 28)
    let mean = histogram.indices.reduce(0.0) { $0 + Double($1 * histogram[$1]) } / total / 255
    let square = histogram.indices.reduce(0.0) { $0 + Double($1 * $1 * histogram[$1]) } / total
    let deviation = (square / 255 / 255 - mean * mean).squareRoot()
    #expect(abs(mean - 0.2860) < 5e-5 && abs(deviation - 0.3530) < 5e-5)
  }
}
