/// What an ``AttentionRecorder`` has written to a folder: `index.json` in it.
package struct AttentionIndex: Codable {
  /// The maps of a layer.
  package struct Layer: Codable, Equatable {
    let kind: LocalityReport.Kind
    let heads: Int
    let tokens: Int
  }

  let grid: [Int]
  let floor: Double
  let layers: [Layer]
  /// The names of the images.
  package let images: [String]
  /// After which epochs there are maps.
  package internal(set) var epochs: [Int]

  /// Whether the pictures of another record can stand in this one.
  func isLike(_ other: AttentionIndex) -> Bool {
    (grid, floor, layers, images) == (other.grid, other.floor, other.layers, other.images)
  }

  /// Its name in the folder.
  package static let fileName = "index.json"

  /// The name of the picture of an image.
  package static func image(_ place: Int) -> String { "image-\(place).png" }

  /// The name of the picture of an image's maps after some epochs.
  package static func maps(of place: Int, after epochs: Int) -> String { "\(epochs)-\(place).png" }
}
