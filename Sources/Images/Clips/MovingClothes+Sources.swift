import Files

extension MovingClothes {
  /// The images to make clips of: a folder of Fashion-MNIST's four IDX files, or one that has
  /// `train/<class>/` and `val/<class>/`, as `convit dataset fashion-mnist` writes it.
  ///
  /// - Throws: `DatasetError` if there are none, or not of 28 × 28 pixels; later, for those of a
  ///   folder, when they are asked for.
  package static func sources(from location: String) throws -> [ImageFolderWriter.Split] {
    guard FolderIdentity(path: "\(location)/train") != nil else {
      let splits = try FashionMNIST.splits(from: location)
      for split in splits where split.width != side || split.height != side {
        throw DatasetError(
          path: location,
          reason: "the images of \(split.name) have " + size(split.width, split.height))
      }
      return splits
    }
    return try ["train", "val"].map { name in
      let samples = try ImageFolder(root: location, split: name).samples
      guard samples.allSatisfy({ $0.label < 256 }) else {
        throw DatasetError(path: location, reason: "\(name) has more than 256 classes")
      }
      let decoder = ImageDecoder(isGray: true)
      return ImageFolderWriter.Split(
        name: name, labels: samples.map { UInt8($0.label) }, width: side, height: side,
        image: { index in
          let image = try decoder.decode(contentsOf: samples[index].path)
          guard image.width == side, image.height == side else {
            throw DatasetError(
              path: samples[index].path, reason: size(image.width, image.height))
          }
          return stride(from: 0, to: image.pixels.count, by: 3).map { image.pixels[$0] }
        })
    }
  }

  private static func size(_ width: Int, _ height: Int) -> String {
    "\(width) × \(height) pixels, expected \(side) × \(side)"
  }
}
