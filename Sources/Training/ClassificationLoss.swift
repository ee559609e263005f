import Autodiff
import ConViT

/// DeiT's losses: cross-entropy or binary cross-entropy by mixed and smoothed targets, and what a
/// teacher says.
struct ClassificationLoss: Objective {
  private let settings: LossSettings
  private let distillation: Distillation?
  private let classWeights: [Float]?

  /// The losses that the settings ask for.
  ///
  /// - Parameters:
  ///   - teacher: whom to learn from, if they say so.
  ///   - classWeights: how much each class counts, if not all the same; for a teacher they do.
  init(
    _ settings: LossSettings, teacher: (model: any Model, weights: FrozenWeights)?,
    classWeights: [Float]? = nil
  ) {
    checkPrecondition(
      (settings.distillationType == .none) == (teacher == nil),
      "ClassificationLoss: distillation \(settings.distillationType) and a teacher that does not "
        + "fit it"
    )
    (self.settings, self.classWeights) = (settings, classWeights)
    distillation = teacher.map { Distillation(settings, teacher: $0.model, $0.weights) }
  }

  /// The losses of some examples of a batch, [n]; a teacher looks at the same pixels.
  func losses(_ outputs: Outputs, _ examples: ExamplePart) -> Variable {
    let targets = examples.targets(
      classes: outputs.logits.shape[1], smoothing: settings.smoothing)
    let losses = Self.loss(outputs.logits, targets, settings, classWeights)
    guard let distillation else { return losses }
    guard let taught = outputs.distillation else {
      fatalError("ClassificationLoss: a teacher for a model without a distillation head")
    }
    return distillation(losses, taught, examples.inputs)
  }

  /// The losses of logits by targets, both [n, classes]; class weights are for cross-entropy.
  static func loss(
    _ logits: Variable, _ targets: Tensor, _ settings: LossSettings, _ classWeights: [Float]? = nil
  ) -> Variable {
    guard settings.bceLoss else {
      return logits.crossEntropy(classWeights.map(targets.scaled(columns:)) ?? targets)
    }
    return logits.binaryCrossEntropy(settings.threshold.map(targets.above) ?? targets)
  }
}

extension Tensor {
  /// 1 where an element is above a threshold, else 0.
  fileprivate func above(_ threshold: Float) -> Tensor {
    Tensor(unsafeUninitialized: shape) { out in
      withUnsafeBufferPointer { values in
        for i in 0..<values.count { out[i] = values[i] > threshold ? 1 : 0 }
      }
    }
  }
}
