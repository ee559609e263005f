import Foundation

/// The learning rate as a function of how many epochs have passed, whole or not.
///
/// As timm's schedulers: `warmupEpochs` linearly from `warmup` to `base`, then on a cosine from
/// `base` (at epoch 0, so that it goes on as if it had run from the start) to `minimum`, or
/// constant.
public struct LearningRateSchedule: Hashable, Sendable {
  /// The course after the warm-up.
  public enum Shape: String, Hashable, Sendable, Codable, CaseIterable { case cosine, constant }

  /// The course after the warm-up.
  public var shape: Shape
  /// The rate that the warm-up leads to, and that the cosine has at epoch 0.
  public var base: Double
  /// The rate from epoch `epochs` on, on a cosine.
  public var minimum: Double
  /// The rate at epoch 0, if there is a warm-up.
  public var warmup: Double
  /// Epochs of linear warm-up; 0 is none.
  public var warmupEpochs: Int
  /// The epoch at which the cosine reaches `minimum`.
  public var epochs: Int

  /// The schedule of a configuration, `base` scaled by batch / 512 unless it asks otherwise.
  public init(_ configuration: TrainingConfiguration) {
    let scale = configuration.unscaleLr ? 1 : Double(configuration.batchSize) / 512
    shape = configuration.sched
    base = configuration.lr * scale
    minimum = configuration.minLr
    warmup = configuration.warmupLr
    warmupEpochs = configuration.warmupEpochs ?? min(5, configuration.epochs / 4)
    epochs = configuration.epochs
  }

  /// The rate after `epoch` epochs.
  public func callAsFunction(_ epoch: Double) -> Double {
    if epoch < Double(warmupEpochs) {
      return warmup + (base - warmup) * epoch / Double(warmupEpochs)
    }
    switch shape {
    case .constant: return base
    case .cosine:
      guard epoch < Double(epochs) else { return minimum }
      return minimum + (base - minimum) * 0.5 * (1 + cos(.pi * epoch / Double(epochs)))
    }
  }
}
