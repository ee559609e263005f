import Autodiff
import ConViT

/// What a training run will need of memory, before it starts, in bytes.
///
/// The parts are counted in a dry run (`Costs`); what the allocator and the libraries add is not
/// in it.
package struct MemoryEstimate: Sendable, Hashable {
  /// Weights, what the optimiser remembers, the moving average, the gradients of the lanes (by
  /// what shards share, too), and a teacher's weights, as they are and as products read them.
  package let parameters: Int
  /// What the shards in flight keep for their derivatives.
  package let activations: Int
  /// Batches of images that are read ahead.
  package let images: Int

  package var total: Int { parameters + activations + images }

  /// The estimate for steps by passes like `pass`; `stores` are in the shape of the weights, which
  /// are one of them.
  package init(
    _ model: some Model, _ pass: Pass = Pass(), batchSize: Int, shards: Shards, threads: Int,
    stores: Int = 3, stepSize: Int? = nil, batchesInFlight: Int = 4, teacherParameterCount: Int = 0
  ) {
    let costs = model.costs(examples: min(shards.size, batchSize), pass)
    let lanes = min(shards.lanes, shards.ranges(max(stepSize ?? batchSize, 1)).count)
    parameters =
      4 * costs.parameters * stores + lanes * costs.gradientBytes
      + 8 * teacherParameterCount
    activations = min(threads, lanes) * costs.passBytes + costs.sharedBytes
    images = 4 * batchesInFlight * batchSize * model.input.elementCount
  }

  /// "467 MB (weights and optimiser 160, activations 288, images 19)"
  package var description: String {
    func megabytes(_ bytes: Int) -> Int { (bytes + 500_000) / 1_000_000 }
    return "\(megabytes(total)) MB (weights and optimiser \(megabytes(parameters)), activations "
      + "\(megabytes(activations)), images \(megabytes(images)))"
  }
}
