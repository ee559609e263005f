import Autodiff
import ConViT

/// How far a model is from what it is to answer: DeiT's losses, one an image.
struct Objective: Sendable {
  private let settings: LossSettings
  private let distillation: Distillation?

  /// The losses that the settings ask for.
  ///
  /// - Parameter teacher: whom to learn from, if they say so.
  init(_ settings: LossSettings, teacher: (model: VisionTransformer, weights: FrozenWeights)?) {
    checkPrecondition(
      (settings.distillationType == .none) == (teacher == nil),
      "Objective: distillation \(settings.distillationType) and a teacher that does not fit it")
    self.settings = settings
    distillation = teacher.map { Distillation(settings, teacher: $0.model, $0.weights) }
  }

  /// The losses of some images of a batch, [n].
  ///
  /// - Parameters:
  ///   - logits: what the model's heads make of the images.
  ///   - images: what the teacher looks at, the same pixels.
  func callAsFunction(
    _ logits: (head: Variable, distillation: Variable?), _ images: Tensor, _ batch: MixedBatch,
    _ range: Range<Int>
  ) -> Variable {
    let targets = batch.targets(
      range, classes: logits.head.shape[1], smoothing: settings.smoothing)
    let losses = Self.loss(logits.head, targets, settings)
    guard let distillation else { return losses }
    guard let taught = logits.distillation else {
      fatalError("Objective: a teacher for a model without a distillation head")
    }
    return distillation(losses, taught, images)
  }

  /// The losses of logits by targets, both [n, classes].
  static func loss(_ logits: Variable, _ targets: Tensor, _ settings: LossSettings) -> Variable {
    guard settings.bceLoss else { return logits.crossEntropy(targets) }
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
