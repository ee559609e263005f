import Files
import Foundation

/// The images of an IDX file (the format of the MNIST family): grey, all of one size.
package struct IDXImages: Hashable, Sendable {
  package let count, rows, columns: Int
  /// The bytes, [count, rows, columns].
  let pixels: [UInt8]

  /// Reads an IDX file of images, plain or gzipped, of at most `maxBytes` when it is unpacked.
  ///
  /// - Throws: `DatasetError` unless the file is there and has exactly what its header says.
  package init(path: String, maxBytes: Int = 1 << 30) throws {
    let file = try IDXFile(path: path, magic: 0x0000_0803, maxBytes: maxBytes)
    (count, rows, columns) = (file.dimensions[0], file.dimensions[1], file.dimensions[2])
    pixels = file.elements
  }

  /// The bytes of one image, [rows, columns].
  package subscript(index: Int) -> [UInt8] {
    Array(pixels[(index * rows * columns)..<((index + 1) * rows * columns)])
  }
}

/// Images of an IDX file with the labels of another.
public struct IDXDataset: Hashable, Sendable {
  package let images: IDXImages
  /// Their classes, [count], each below the number of classes.
  package let labels: [UInt8]

  /// Reads a file of images and the file of their labels.
  ///
  /// - Parameters:
  ///   - imagesPath: The file of images, plain or in gzip.
  ///   - labelsPath: The file of their labels.
  ///   - classCount: How many classes there are.
  ///   - maxBytes: The most bytes of a file when it is unpacked; the default is enough for the
  ///     data sets of this format (EMNIST has 550 MB).
  /// - Throws: `DatasetError` when one of them cannot be used, when they differ in length, and for
  ///   a label that is not below `classCount`.
  public init(
    images imagesPath: String, labels labelsPath: String, classCount: Int, maxBytes: Int = 1 << 30
  ) throws {
    labels = try IDXFile(path: labelsPath, magic: 0x0000_0801, maxBytes: maxBytes).elements
    if let at = labels.firstIndex(where: { Int($0) >= classCount }) {
      throw DatasetError(
        path: labelsPath,
        reason: "label \(labels[at]) of image \(at) is not below \(classCount), "
          + "the number of classes")
    }
    images = try IDXImages(path: imagesPath, maxBytes: maxBytes)
    guard images.count == labels.count else {
      throw DatasetError(
        path: labelsPath,
        reason: "\(labels.count) labels for the \(images.count) images of \(imagesPath)")
    }
  }
}

private struct IDXFile {
  let dimensions: [Int]
  /// The elements, as many as the product of `dimensions`.
  let elements: [UInt8]

  /// Reads a file that must begin with `magic`, of which the last byte counts the axes.
  init(path: String, magic: UInt32, maxBytes: Int) throws(DatasetError) {
    func error(_ reason: String) -> DatasetError { DatasetError(path: path, reason: reason) }
    let bytes = try fileContents(path, maxBytes: maxBytes)
    func word(_ i: Int) -> UInt32 {
      bytes[(4 * i)..<(4 * i + 4)].reduce(0) { $0 << 8 | UInt32($1) }
    }
    let axes = Int(magic & 0xff)
    let header = 4 + 4 * axes
    guard bytes.count >= header else {
      throw error("not an IDX file: \(bytes.count) bytes, where the header takes \(header)")
    }
    guard word(0) == magic else {
      throw error(
        "not an IDX file of \(axes == 3 ? "images" : "labels"): it begins with "
          + "0x\(hexadecimal(word(0))), expected 0x\(hexadecimal(magic))")
    }
    dimensions = (1...axes).map { Int(word($0)) }
    let shape = dimensions.map(String.init).joined(separator: " × ")
    guard dimensions.allSatisfy({ $0 > 0 }) else {
      throw error("nothing in it: its header says \(shape)")
    }
    let count = bytes.count - header
    // As floats: the product of three sizes of 32 bits may be too large for an Int.
    guard dimensions.reduce(1, { $0 * Double($1) }) == Double(count) else {
      throw error("its header says \(shape) elements, and there are \(count)")
    }
    elements = Array(bytes[header...])
  }
}

/// The bytes of a file, unpacked if it is gzipped.
func fileContents(_ path: String, maxBytes: Int = 1 << 30) throws(DatasetError) -> [UInt8] {
  let bytes: [UInt8]
  do {
    bytes = try RegularFile.contents(of: path, maxBytes: maxBytes)
  } catch {
    throw DatasetError(error)
  }
  guard ImageFormat(sniffing: bytes) == .gzip else { return bytes }
  do {
    return try gunzipped(bytes, name: path, maxBytes: maxBytes)
  } catch {
    throw DatasetError(path: path, reason: error.reason)
  }
}

/// All digits of a number: "00000803".
func hexadecimal<Number: FixedWidthInteger>(_ value: Number) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: Number.bitWidth / 4 - digits.count) + digits
}

/// Fashion-MNIST (Xiao et al. 2017, arXiv:1708.07747): 60,000 and 10,000 grey images of 28 × 28
/// pixels in ten classes, as Debian packages it.
package enum FashionMNIST {
  package static let classes = [
    "t-shirt-top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
    "ankle-boot",
  ]

  /// Where Debian's package `dataset-fashion-mnist` puts the files.
  package static let defaultLocation = "/usr/share/datasets/fashion-mnist"

  /// The splits of an image folder, `train` and `val` (the data set's test images).
  package static func splits(
    from location: String = defaultLocation
  ) throws -> [ImageFolderWriter.Split] {
    try IDXDataset.mnistSplits(
      from: location, classCount: classes.count,
      remedy: "apt-get install dataset-fashion-mnist, or name a folder that has it")
  }
}

extension IDXDataset {
  /// The splits `train` and `val` from the four files of the MNIST family, gzipped or not.
  package static func mnistSplits(
    from folder: String, classCount: Int, remedy: String = "the folder must have it, or with .gz"
  ) throws -> [ImageFolderWriter.Split] {
    func file(_ name: String) throws -> String {
      let candidates = ["\(folder)/\(name).gz", "\(folder)/\(name)"]
      if let path = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) {
        return path
      }
      throw DatasetError(path: candidates[1], reason: "no such file: \(remedy)")
    }
    return try [("train", "train"), ("val", "t10k")].map { name, prefix in
      let images = try file("\(prefix)-images-idx3-ubyte")
      let labels = try file("\(prefix)-labels-idx1-ubyte")
      return ImageFolderWriter.Split(
        name: name, data: try IDXDataset(images: images, labels: labels, classCount: classCount))
    }
  }
}
