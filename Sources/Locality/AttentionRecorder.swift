import Autodiff
import ConViT
import Files
import Foundation
import Images

/// Writes the attention maps of a few images to a folder, again and again while a model trains.
///
/// `index.json` says what is there. `image-<i>.png` is an image as the model receives it, and
/// `<epochs>-<i>.png` all its maps after some epochs: a row of pixels for each query, the queries
/// of a head together, the heads of a layer, the layers in order; columns are keys, class and
/// distillation tokens first. Grey g stands for the probability floor^(1 − g / 255), and 0 for less
/// than the floor.
package struct AttentionRecorder: Sendable {
  /// The smallest probability that is told from 0.
  package static let floor = 1e-5
  /// Pixels that all maps of one image may have; larger models are not recorded.
  package static let largest = 16 << 20

  private let folder: String
  private let output: OutputFolder
  private let images: [Tensor]
  private var index: AttentionIndex

  /// A record in a folder, without what is there of later epochs or another model or images.
  package init(
    _ folder: String, _ configuration: ViTConfiguration,
    images: [(name: String, image: RGBImage)], normalization: Normalization = .imageNet,
    after epochs: Int = -1
  ) throws {
    self.folder = folder
    let known = FileManager.default.contents(atPath: "\(folder)/\(AttentionIndex.fileName)")
      .flatMap { try? JSONDecoder().decode(AttentionIndex.self, from: $0) }
    index = AttentionIndex(
      grid: [configuration.grid.rows, configuration.grid.columns], floor: Self.floor,
      layers: (0..<configuration.depth).map { layer in
        AttentionIndex.Layer(
          kind: layer >= configuration.localUpToLayer
            ? .mhsa : configuration.isGated ? .gpsa : .psa,
          heads: configuration.heads(inLayer: layer), tokens: configuration.tokens(inLayer: layer))
      },
      images: images.map(\.name), epochs: [])
    if let known, index.isLike(known) { index.epochs = known.epochs.filter { $0 <= epochs } }
    self.images = images.map { normalization.tensor($0.image) }
    output = try OutputFolder(folder)
    try writeIndex()
    for (place, image) in images.enumerated() {
      try writePNG(image.image, to: "\(folder)/\(AttentionIndex.image(place))")
    }
  }

  /// Whether the maps of an image of this model are small enough to be recorded.
  package static func canRecord(_ configuration: ViTConfiguration) -> Bool {
    let length = configuration.grid.count + configuration.tokens
    return configuration.depth * configuration.heads * length * length <= largest
  }

  package mutating func record(
    _ model: VisionTransformer, _ weights: FrozenWeights, epochs: Int, on pool: WorkerPool
  ) throws {
    let pictures = pool.map(images) { image in
      Self.picture(of: AttentionMaps(model, weights, image: image))
    }
    for (place, picture) in pictures.enumerated() {
      try writePNG(
        gray: picture.pixels, width: picture.width, height: picture.pixels.count / picture.width,
        to: "\(folder)/\(AttentionIndex.maps(of: place, after: epochs))")
    }
    index.epochs = index.epochs.filter { $0 < epochs } + [epochs]
    try writeIndex()
  }

  private func writeIndex() throws {
    try output.write(try JSON.text(index), to: AttentionIndex.fileName)
  }

  static func picture(of maps: AttentionMaps) -> (pixels: [UInt8], width: Int) {
    let width = maps.layers.map { $0.shape[2] }.max() ?? 0
    var pixels: [UInt8] = []
    pixels.reserveCapacity(maps.layers.reduce(0) { $0 + $1.shape[0] * $1.shape[1] * width })
    for map in maps.layers {
      let length = map.shape[2]
      map.withUnsafeBufferPointer { map in
        for row in 0..<map.count / length {
          for key in 0..<length { pixels.append(grey(map[row * length + key])) }
          pixels.append(contentsOf: repeatElement(0, count: width - length))
        }
      }
    }
    return (pixels, width)
  }

  /// floor^(1 − g / 255) ≈ probability
  static func grey(_ probability: Float) -> UInt8 {
    guard probability > Float(floor) else { return 0 }
    let share = 1 - log(probability) / Float(log(floor))
    return UInt8(max(1, min(255, (255 * share).rounded())))
  }
}

/// What an ``AttentionRecorder`` has written to a folder: `index.json` in it.
package struct AttentionIndex: Codable {
  package struct Layer: Codable, Equatable {
    let kind: LocalityReport.Kind
    let heads, tokens: Int
  }

  let grid: [Int]
  let floor: Double
  let layers: [Layer]
  package let images: [String]
  /// After which epochs there are maps.
  package internal(set) var epochs: [Int]

  /// Whether the pictures of another record can stand in this one.
  func isLike(_ other: AttentionIndex) -> Bool {
    (grid, floor, layers, images) == (other.grid, other.floor, other.layers, other.images)
  }

  package static let fileName = "index.json"

  package static func image(_ place: Int) -> String { "image-\(place).png" }
  package static func maps(of place: Int, after epochs: Int) -> String { "\(epochs)-\(place).png" }
}
