import Autodiff
import ConViT

/// Learning from a teacher: what a distilled model's second head is to answer, as DeiT's
/// `DistillationLoss` (Touvron et al. 2021, section 4).
struct Distillation: Sendable {
  private let settings: LossSettings
  private let teacher: any Model
  private let frozen: FrozenWeights

  /// Learning from a teacher whose images and classes are the student's.
  init(_ settings: LossSettings, teacher: any Model, _ frozen: FrozenWeights) {
    (self.settings, self.teacher, self.frozen) = (settings, teacher, frozen)
  }

  /// The losses of a model, [B], with those of its second head's `logits` [B, classes] for what the
  /// teacher makes of the same images.
  func callAsFunction(_ losses: Variable, _ logits: Variable, _ images: Tensor) -> Variable {
    let teacherLogits = teacher(Tape(frozen).constant(images)).value  // without derivatives
    return Self.loss(losses, logits, teacherLogits, settings)
  }

  /// (1 − α) · `losses` + α · the loss of `logits` by the teacher's: [B].
  static func loss(
    _ losses: Variable, _ logits: Variable, _ teacherLogits: Tensor, _ settings: LossSettings
  ) -> Variable {
    let alpha = Float(settings.distillationAlpha)
    let taught =
      settings.distillationType == .hard
      ? logits.crossEntropy(labels: teacherLogits.largestOfRows)
      : soft(logits, teacherLogits, settings)
    return (1 - alpha) * losses + alpha * taught
  }

  /// τ² · Σ_c t_c · (log t_c − log s_c) with t and s the softmax of logits / τ: [B].
  private static func soft(
    _ logits: Variable, _ teacherLogits: Tensor, _ settings: LossSettings
  ) -> Variable {
    let tau = Float(settings.distillationTau)
    let theirs = (1 / tau * logits.tape.constant(teacherLogits)).logSoftmax()
    let ours = (1 / tau * logits).logSoftmax()
    let divisor = settings.distillationReduction == .numel ? Float(logits.shape[1]) : 1
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
