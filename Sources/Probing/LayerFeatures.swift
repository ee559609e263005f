import Autodiff
import ConViT

/// What each layer of a vision transformer makes of images, a row of numbers for each image: what
/// linear probes and ``CKA`` are about.
///
/// ```swift
/// var features = LayerFeatures(of: model)
/// for batch in batches {
///   features.add(batch.inputs, labels: batch.labels, FrozenWeights(weights), on: pool)
/// }
/// let probe = LinearProbe(features[3], labels: features.labels, classes: 10, on: pool)
/// ```
public struct LayerFeatures: Sendable {
  /// Which of a layer's tokens a row is.
  public enum Reading: String, Sendable, Hashable, CaseIterable {
    /// The mean over the patches.
    case patches
    /// The class token; layers that have none are left out.
    case token
  }

  /// The places in the model, as `Taps` name them: `blocks.0.input`, where the class token is the
  /// same for all images and is left out, then `blocks.<i>.output`.
  public let places: [String]
  /// The classes of the images, in their order.
  public private(set) var labels: [Int] = []
  private let model: VisionTransformer
  /// Which tokens the rows are.
  public let reading: Reading
  private var batches: [[Tensor]]  // by place

  /// Features of no image yet.
  ///
  /// - Parameters:
  ///   - model: whose blocks are looked at.
  ///   - reading: which tokens; if nil, the class token where the head reads it and all blocks
  ///     have it, else the patches.
  public init(of model: VisionTransformer, reading: Reading? = nil) {
    let c = model.configuration
    let hasToken = c.headTokens > 0 && model.blocks.indices.allSatisfy { c.tokens(inLayer: $0) > 0 }
    let reading = reading ?? (hasToken ? .token : .patches)
    let blocks = model.blocks.indices.filter { reading == .patches || c.tokens(inLayer: $0) > 0 }
    places =
      (reading == .patches ? ["blocks.0.input"] : []) + blocks.map { "blocks.\($0).output" }
    (self.model, self.reading) = (model, reading)
    batches = Array(repeating: [], count: places.count)
  }

  /// Adds those of images [B, channels, height, width], a few at a time on each thread; returns the
  /// logits of the same pass, [B, classes].
  @discardableResult
  public mutating func add(
    _ images: Tensor, labels: [Int], _ weights: FrozenWeights, on pool: WorkerPool
  ) -> Tensor {
    checkPrecondition(
      images.shape.rank == 4 && images.shape[0] == labels.count,
      "LayerFeatures: images \(images.shape), \(labels.count) labels")
    let found = model.values(at: places, of: images, weights, on: pool, row)
    for index in places.indices { batches[index] += found.values[index] }
    self.labels += labels
    return found.logits
  }

  /// [B, T + N, C] → [B, C]
  private func row(of tokens: Variable) -> Tensor {
    let first = tokens.shape[1] - model.configuration.grid.count
    let read = reading == .token ? 0..<1 : first..<tokens.shape[1]
    return tokens.sliced(1, read).mean(1).value
  }

  /// The rows of a place, by its number, [images, C].
  public subscript(place: Int) -> Tensor { .concatenated(batches[place], 0) }
}
