import Autodiff
import Foundation

/// The learning rate as a function of how many epochs have passed, whole or not.
///
/// As timm's schedulers: `warmupEpochs` linearly from `warmup` to `base`, then the course of
/// `shape`, which continues as if it had run from epoch 0.
public struct LearningRateSchedule: Hashable, Sendable {
  /// The course after the warm-up.
  public enum Shape: String, Hashable, Sendable, Codable, CaseIterable {
    /// From `base` at epoch 0 to `minimum` at epoch `epochs`, on a half cosine.
    case cosine
    /// The same on a line.
    case linear
    /// From `base` to `minimum` by (1 − epoch / `epochs`) to the power of `decayRate`.
    case poly
    /// `base`, multiplied by `decayRate` each `decayEpochs`.
    case step
    /// `base`, multiplied by `decayRate` with each of `milestones`.
    case multistep
    /// `base`.
    case constant
    /// `base`, multiplied by `decayRate` whenever the accuracy has not grown for a while.
    case plateau
  }

  /// The course after the warm-up.
  public var shape = Shape.cosine
  /// The rate that the warm-up leads to.
  public var base: Double
  /// The rate from epoch `epochs` on, on a cosine, line or power; the least of a plateau.
  public var minimum: Double
  /// The rate at epoch 0, if there is a warm-up.
  public var warmup = 0.0
  /// Epochs of linear warm-up; 0 is none.
  public var warmupEpochs = 0
  /// The epoch at which a cosine, line or power reaches `minimum`.
  public var epochs: Int
  /// Epochs between two drops.
  public var decayEpochs = 30.0
  /// The epochs to drop with, counted from 1 as timm does: from the end of epoch m − 1 on.
  public var milestones: [Int] = []
  /// What a drop multiplies the rate with; the power of `poly`.
  public var decayRate = 0.1
  /// Evaluations without a better accuracy that a plateau puts up with.
  public var patience = 10
  /// What a plateau has seen; it is all that the rates depend on beside the time.
  package var plateau = Plateau()
  /// What is added to the rate, if anything.
  package var noise: Noise?

  /// A cosine from `base` to `minimum` over `epochs` epochs, without warm-up.
  public init(base: Double, minimum: Double = 0, epochs: Int) {
    (self.base, self.minimum, self.epochs) = (base, minimum, epochs)
  }

  /// The rate after `epoch` epochs.
  public func callAsFunction(_ epoch: Double) -> Double {
    let rate = epoch < Double(warmupEpochs) ? warmingUp(epoch) : course(epoch)
    // timm's plateau has no noise in its warm-up, other shapes have.
    guard let noise, shape != .plateau || epoch > Double(warmupEpochs) else { return rate }
    return rate * (1 + noise(epoch))
  }

  private func warmingUp(_ epoch: Double) -> Double {
    warmup + (base - warmup) * epoch / Double(warmupEpochs)
  }

  private func course(_ epoch: Double) -> Double {
    let part = epoch / Double(epochs)
    switch shape {
    case .constant: return base
    case .cosine:
      return part < 1 ? minimum + (base - minimum) * 0.5 * (1 + cos(.pi * part)) : minimum
    case .linear: return part < 1 ? minimum + (base - minimum) * (1 - part) : minimum
    case .poly:
      return part < 1 ? minimum + (base - minimum) * pow(1 - part, decayRate) : minimum
    case .step:
      let rest = epoch.truncatingRemainder(dividingBy: decayEpochs)
      return base * pow(decayRate, ((epoch - rest) / decayEpochs).rounded())
    case .multistep:
      return base * pow(decayRate, Double(milestones.count { Double($0) <= epoch + 1 }))
    case .plateau:
      return (0..<plateau.drops).reduce(base) { rate, _ in
        let lower = max(rate * decayRate, minimum)
        return rate - lower > 1e-8 ? lower : rate  // PyTorch leaves it at that
      }
    }
  }

  /// Takes notice of the accuracy after `epoch` epochs; none but a plateau cares.
  public mutating func observe(accuracy: Double, after epoch: Int) {
    if shape == .plateau && epoch > warmupEpochs { plateau.observe(accuracy, patience: patience) }
  }
}

extension LearningRateSchedule {
  /// Noise of the learning rate, as timm's: normal, and drawn again where it is too large.
  package struct Noise: Hashable, Sendable {
    /// The epochs that have it.
    let epochs: Range<Double>
    /// What its size stays below, as a share of the rate.
    let limit: Double
    /// Its standard deviation before that, as a share of the rate.
    let deviation: Double
    private let random: Random

    /// Noise of a deviation in some epochs.
    package init(epochs: Range<Double>, limit: Double, deviation: Double, seed: UInt64) {
      (self.epochs, self.limit, self.deviation) = (epochs, limit, deviation)
      random = Random(seed: seed).split("lr-noise")
    }

    /// The noise after `epoch` epochs, as a share of the rate.
    func callAsFunction(_ epoch: Double) -> Double {
      guard epochs.contains(epoch) else { return 0 }
      var random = random.split(Int(truncatingIfNeeded: epoch.bitPattern))
      while true {
        let noise = random.normal() * deviation
        if abs(noise) < limit { return noise }
      }
    }
  }

  /// What a plateau of accuracies has come to, as PyTorch's `ReduceLROnPlateau` counts.
  package struct Plateau: Hashable, Sendable {
    /// The best accuracy so far; −∞ before the first.
    package var best = -Double.infinity
    /// Evaluations since it, or since the last drop.
    package var badEpochs = 0
    package var drops = 0

    package init() {}

    /// Takes notice of an evaluation's accuracy, which is better if it is so by 1e-4 of the best;
    /// after more than `patience` evaluations that are not better the rate drops.
    mutating func observe(_ accuracy: Double, patience: Int) {
      if accuracy > best * (1 + 1e-4) {
        (best, badEpochs) = (accuracy, 0)
      } else {
        badEpochs += 1
      }
      if badEpochs > patience { (drops, badEpochs) = (drops + 1, 0) }
    }
  }
}
