import Autodiff
import ConViT
import Foundation
import Scores

extension GlobalCut {
  /// The masks that keep the weights that carry most of the synaptic flow: step by step, by
  /// magnitudes of |θ| ⊙ ∂R/∂|θ| of what is left, so that after step i of n the share
  /// (count / D)^(i / n) is. No data are needed.
  ///
  /// Source: Tanaka et al., Pruning neural networks without any data by iteratively conserving
  /// synaptic flow (NeurIPS 2020), which takes 100 steps.
  public func synFlow(
    keeping count: Int, of model: any Model, _ weights: ParameterStore, steps: Int = 100
  ) -> ParameterMasks {
    checkPrecondition(steps > 0, "GlobalCut: SynFlow in \(steps) steps")
    let (whole, tree) = (Double(remaining(in: weights.tree)), weights.tree)
    var (masks, left) = (ParameterMasks(tree), weights)
    for step in 1...steps {
      let share = pow(Double(count) / whole, Double(step) / Double(steps))
      let kept = step == steps ? count : Int((share * whole).rounded())
      masks = self.masks(
        keeping: max(kept, count), of: tree,
        byMagnitudes: SynapticFlow(through: model, left).byWeight, within: masks)
      left.apply(masks)
    }
    return masks
  }
}
