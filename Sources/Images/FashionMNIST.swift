import Foundation

/// Fashion-MNIST (Xiao et al. 2017, arXiv:1708.07747): 60,000 and 10,000 grey images of 28 × 28
/// pixels in ten classes, as Debian packages it.
package enum FashionMNIST {
  /// The folder names of the classes, by label.
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
  /// The splits `train` and `val` from the four files by which the MNIST family is published,
  /// gzipped or not.
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
