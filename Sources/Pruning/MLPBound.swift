import Autodiff
import ConViT

/// How far the outputs of a block's MLP and of its pruned self can be apart on any token: the part
/// of a transformer for which such a number can be had, as attention and the division by the
/// deviation in a normalisation lengthen differences without a limit.
///
/// What goes into the MLP is a normalisation's output, of a length of at most R = max |γ| · √dim +
/// ‖β‖. With biases b₁ and a Lipschitz constant c of the activation (``Lipschitz``),
///
///     ‖f(x) − g(x)‖ ≤ ‖E₂‖ · c · (‖W₁‖ · R + ‖b₁‖) + ‖V₂‖ · c · ‖E₁‖ · R
public struct MLPBound: Sendable, Hashable, Codable {
  /// The block's place in the model.
  public let layer: Int
  /// R, the most that goes in.
  public let inputSize: Double
  /// The most by which outputs differ, and the most that the MLP without pruning gives without
  /// its last bias.
  public let gap, outputSize: Double

  /// The bounds of a transformer's blocks whose MLPs masks prune, for exact GELUs: of images or of
  /// clips; of other models there are none.
  public static func bounds(
    of model: any Model, _ weights: ParameterStore, by masks: ParameterMasks
  ) -> [MLPBound] {
    var pruned = weights
    pruned.apply(masks)
    let blocks: [(norm: LayerNorm, mlp: MLP)] =
      switch model {
      case let model as VisionTransformer: model.blocks.map { ($0.norm2, $0.mlp) }
      case let model as TimeSformer: model.blocks.map { ($0.norm2, $0.mlp) }
      default: []
      }
    return blocks.enumerated().compactMap { layer, block in
      guard masks[block.mlp.fc1.weight] != nil || masks[block.mlp.fc2.weight] != nil else {
        return nil
      }
      return MLPBound(layer, block.norm, block.mlp, weights, pruned)
    }
  }

  private init(
    _ layer: Int, _ norm: LayerNorm, _ mlp: MLP, _ weights: ParameterStore,
    _ pruned: ParameterStore
  ) {
    let (fc1, fc2) = (mlp.fc1, mlp.fc2)
    let scale = weights[norm.weight].elements.reduce(0) { max($0, abs(Double($1))) }
    let dim = Double(weights[norm.weight].count)
    let size = scale * dim.squareRoot() + weights[norm.bias].length
    let (first, second) = (weights[fc1.weight], weights[fc2.weight])
    let keptSecond = pruned[fc2.weight]
    let c = Lipschitz.gelu
    let hidden =
      c * (SpectralNorm.bound(of: first) * size + (fc1.bias.map { weights[$0].length } ?? 0))
    self.layer = layer
    inputSize = size
    outputSize = SpectralNorm.bound(of: second) * hidden
    gap =
      SpectralNorm.bound(of: second.minus(keptSecond)) * hidden
      + SpectralNorm.bound(of: keptSecond) * c
      * SpectralNorm.bound(of: first.minus(pruned[fc1.weight])) * size
  }
}

extension Tensor {
  /// The Euclidean norm of all numbers.
  fileprivate var length: Double {
    withUnsafeBufferPointer { $0.reduce(0) { $0 + Double($1) * Double($1) } }.squareRoot()
  }
}
