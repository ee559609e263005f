import Autodiff
import ConViT

/// What a training run will need of memory, before it starts, in bytes.
///
/// The parts are counted from the shapes; what the allocator and the libraries add is not in it.
public struct MemoryEstimate: Sendable, Hashable {
  /// Weights, the two moments, and the gradients of the lanes and of their sum.
  public let parameters: Int
  /// What the shards in flight keep for their derivatives.
  public let activations: Int
  /// Batches of images that are read ahead.
  public let images: Int

  /// All of it.
  public var total: Int { parameters + activations + images }

  /// The estimate for a model of `parameterCount` numbers.
  ///
  /// A token leaves in each block: two normalised inputs, queries, keys and values, the heads'
  /// output, two sums with the residual, and before and after GELU the hidden layer; the widest of
  /// these again for derivatives.
  public init(
    _ model: ViTConfiguration, parameterCount: Int, batchSize: Int, shards: Shards, threads: Int,
    recomputesBlocks: Bool = false, batchesInFlight: Int = 4
  ) {
    let lanes = min(shards.lanes, max((batchSize + shards.size - 1) / shards.size, 1))
    parameters = 4 * parameterCount * (3 + lanes + (lanes > 1 ? 1 : 0))
    let tokens = model.grid.count + model.tokens
    let hidden = Int(Float(model.embedDim) * model.mlpRatio)
    let inside = 8 * model.embedDim + 2 * hidden
    let blocks = recomputesBlocks ? model.depth * model.embedDim + inside : model.depth * inside
    let derivatives = 4 * model.embedDim + 2 * hidden
    let maps = model.localUpToLayer * model.heads * model.grid.count * model.grid.count
    let scores = 2 * tokens * tokens
    let running = min(threads, lanes)
    // A map is in memory once, its derivative in every lane and in the operator at work.
    activations =
      4 * running * (shards.size * tokens * (blocks + derivatives) + scores)
      + 4 * maps * (2 + lanes)
    images =
      4 * batchesInFlight * batchSize * model.channels * model.imageHeight * model.imageWidth
  }

  /// "0.47 GB (weights and optimiser 0.18, activations 0.21, images 0.08)"
  public var description: String {
    func gigabytes(_ bytes: Int) -> String {
      let hundredths = (bytes + 5_000_000) / 10_000_000
      return "\(hundredths / 100).\(hundredths % 100 / 10)\(hundredths % 10)"
    }
    return "\(gigabytes(total)) GB (weights and optimiser \(gigabytes(parameters)), activations "
      + "\(gigabytes(activations)), images \(gigabytes(images)))"
  }
}
