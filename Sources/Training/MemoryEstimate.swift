import Autodiff
import ConViT

/// What a training run will need of memory, before it starts, in bytes.
///
/// The parts are counted from the shapes; what the allocator and the libraries add is not in it.
public struct MemoryEstimate: Sendable, Hashable {
  /// Weights, what the optimiser remembers, the moving average, the gradients of the lanes, and
  /// a teacher's weights, as they are and as products read them.
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
  ///
  /// - Parameters:
  ///   - stores: what is kept in the shape of the weights, themselves among it.
  ///   - batchSize: images that are read together.
  ///   - stepSize: images a step, `batchSize` if left out.
  public init(
    _ model: ViTConfiguration, parameterCount: Int, batchSize: Int, shards: Shards, threads: Int,
    stores: Int = 3, stepSize: Int? = nil, recomputesBlocks: Bool = false, batchesInFlight: Int = 4,
    teacherParameterCount: Int = 0
  ) {
    let shardCount = ((stepSize ?? batchSize) + shards.size - 1) / shards.size
    let lanes = min(shards.lanes, max(shardCount, 1))
    parameters = 4 * parameterCount * (stores + lanes) + 8 * teacherParameterCount
    let tokens = model.grid.count + model.tokens
    let hidden = Int(Float(model.embedDim) * model.mlpRatio)
    let inside = 8 * model.embedDim + 2 * hidden
    let blocks = recomputesBlocks ? model.depth * model.embedDim + inside : model.depth * inside
    let derivatives = 4 * model.embedDim + 2 * hidden
    let running = min(threads, lanes)
    // A map of a layer is in memory once. Its derivative is in every lane and in the operator at
    // work, or, of a large one, in the operators at work only.
    let map = model.heads * model.grid.count * model.grid.count
    let isLarge = map >= Tape.largeSharedCount
    let maps =
      model.localUpToLayer * map * (isLarge ? 1 : 1 + lanes) + (isLarge ? 2 : 1) * running * map
    // Attention without a gate keeps four maps of every image: plain operators make it.
    let kept = model.isGated ? 0 : 4 * (recomputesBlocks ? 1 : model.localUpToLayer) * map
    let shard = min(shards.size, batchSize)
    activations =
      4 * running * (shard * (tokens * (blocks + derivatives) + kept) + 2 * tokens * tokens)
      + 4 * (model.localUpToLayer > 0 ? maps : 0)
    images =
      4 * batchesInFlight * batchSize * model.channels * model.imageHeight * model.imageWidth
  }

  /// "467 MB (weights and optimiser 160, activations 288, images 19)"
  public var description: String {
    func megabytes(_ bytes: Int) -> Int { (bytes + 500_000) / 1_000_000 }
    return "\(megabytes(total)) MB (weights and optimiser \(megabytes(parameters)), activations "
      + "\(megabytes(activations)), images \(megabytes(images)))"
  }
}
