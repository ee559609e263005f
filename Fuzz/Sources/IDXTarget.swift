import Images

/// The files of the MNIST family, plain and gzipped: first the number of bytes of the file of
/// images (two bytes), then that file, then the one of their labels.
struct IDXTarget: Target {
  private let images = MemoryFile()
  private let labels = MemoryFile()

  func test(_ bytes: [UInt8]) {
    guard bytes.count > 2 else { return }
    let length = min(Int(bytes[0]) << 8 | Int(bytes[1]), bytes.count - 2)
    images.fill(Array(bytes[2..<2 + length]))
    labels.fill(Array(bytes[(2 + length)...]))
    if let read = attempt({ try IDXImages(path: images.path, maxBytes: 1 << 20) }) {
      for index in 0..<min(read.count, 100) {
        check(read[index].count == read.rows * read.columns, "an image of another size")
      }
    }
    let dataset = attempt {
      try IDXDataset(
        images: images.path, labels: labels.path, classCount: 10, maxBytes: 1 << 20)
    }
    if let dataset { check(dataset.labels.count == dataset.images.count, "labels are missing") }
  }

  func writeSeeds(to folder: String) throws {
    let images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3] + (0..<12)
    let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 2, 9, 0]
    let seed: [UInt8] = [0, UInt8(images.count)] + images
    try write(seed + labels, "plain", to: folder)
    try write(seed, "no-labels", to: folder)
    try write(seed + gzippedLabels, "gzipped", to: folder)
  }

  /// `labels`, compressed by Python's gzip with mtime=0.
  private let gzippedLabels: [UInt8] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 255, 99, 96, 224, 96, 100, 96, 96, 96, 226, 100, 0, 0, 80, 23,
    94, 68, 10, 0, 0, 0,
  ]
}
