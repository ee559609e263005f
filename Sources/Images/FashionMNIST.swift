import Foundation

/// Fashion-MNIST (Xiao et al. 2017, arXiv:1708.07747): 60,000 and 10,000 grey images of 28 × 28
/// pixels in ten classes, as Debian packages it.
public enum FashionMNIST {
  /// The folder names of the classes, by label.
  public static let classes = [
    "t-shirt-top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
    "ankle-boot",
  ]

  /// Where Debian's package `dataset-fashion-mnist` puts the files.
  public static let defaultLocation = "/usr/share/datasets/fashion-mnist"

  /// The splits of an image folder, `train` and `val` (the data set's test images).
  ///
  /// - Throws: `DatasetError` when a file is missing, naming the package, or cannot be used.
  public static func splits(
    from location: String = defaultLocation
  ) throws -> [ImageFolderWriter.Split] {
    try [("train", "train"), ("val", "t10k")].map { name, prefix in
      let images = try file("\(prefix)-images-idx3-ubyte", in: location)
      let labels = try file("\(prefix)-labels-idx1-ubyte", in: location)
      return ImageFolderWriter.Split(
        name: name,
        data: try IDXDataset(images: images, labels: labels, classCount: classes.count))
    }
  }

  /// The path of a file, gzipped as in the package or unpacked.
  private static func file(_ name: String, in location: String) throws -> String {
    let candidates = ["\(location)/\(name).gz", "\(location)/\(name)"]
    if let path = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) {
      return path
    }
    throw DatasetError(
      path: candidates[0],
      reason: "no such file: apt-get install dataset-fashion-mnist, or name a folder that has it")
  }
}
