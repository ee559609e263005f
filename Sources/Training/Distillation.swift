import Autodiff
import ConViT

/// Learning from a teacher: what a distilled model's second head is to answer, as DeiT's
/// `DistillationLoss` (Touvron et al. 2021, section 4); the first learns as without one. A model of
/// one head learns from both with it.
public struct Distillation: Objective {
  /// What is learnt.
  public enum Kind: Hashable, Sendable {
    /// The teacher's most probable class.
    case hard
    /// Its probabilities at a temperature τ; divided by the images, and in DeiT's code by the
    /// classes too.
    case soft(temperature: Double, dividesByClasses: Bool)
  }

  private let base: any Objective
  package let teacher: any Model
  private let weights: FrozenWeights
  private let kind: Kind
  private let share: Double

  /// The losses of `base`, and for a `share` α of all, what a teacher makes of the same inputs.
  public init(
    _ base: any Objective, teacher: any Model, _ weights: FrozenWeights, _ kind: Kind,
    share: Double = 0.5
  ) {
    (self.base, self.teacher, self.weights) = (base, teacher, weights)
    (self.kind, self.share) = (kind, share)
  }

  /// The losses of some examples of a batch, [n]; the teacher's pass is without derivatives.
  public func losses(_ outputs: Outputs, _ examples: ExamplePart) -> Variable {
    let taught = outputs.distillation ?? outputs.logits
    let theirs = teacher(Tape(weights).constant(examples.inputs)).value
    return losses(base.losses(outputs, examples), taught, theirs)
  }

  /// (1 − α) · `losses` + α · the loss of `logits` by the teacher's: [n].
  func losses(_ losses: Variable, _ logits: Variable, _ teacherLogits: Tensor) -> Variable {
    let alpha = Float(share)
    let taught =
      switch kind {
      case .hard: logits.crossEntropy(labels: teacherLogits.largestOfRows)
      case .soft(let tau, let dividesByClasses):
        soft(logits, teacherLogits, Float(tau), dividesByClasses ? Float(logits.shape[1]) : 1)
      }
    return (1 - alpha) * losses + alpha * taught
  }

  /// τ² / divisor · Σ_c t_c · (log t_c − log s_c) with t and s the softmax of logits / τ: [n].
  private func soft(
    _ logits: Variable, _ teacherLogits: Tensor, _ tau: Float, _ divisor: Float
  ) -> Variable {
    let theirs = (1 / tau * logits.tape.constant(teacherLogits)).logSoftmax()
    let ours = (1 / tau * logits).logSoftmax()
    return tau * tau / divisor * (theirs.exp() * (theirs - ours)).sum(1)
  }
}

extension Tensor {
  /// The place of the largest element in each row of a matrix; the first if there are several.
  fileprivate var largestOfRows: [Int] {
    let (rows, columns) = (shape[0], shape[1])
    return withUnsafeBufferPointer { values in
      (0..<rows).map { row in
        let first = row * columns
        return (1..<columns).reduce(0) { values[first + $1] > values[first + $0] ? $1 : $0 }
      }
    }
  }
}
