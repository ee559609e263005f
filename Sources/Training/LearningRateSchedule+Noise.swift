import Autodiff

extension LearningRateSchedule {
  /// Noise of the learning rate, as timm's: normal, and drawn again where it is too large.
  public struct Noise: Hashable, Sendable {
    /// The epochs that have it.
    public let epochs: Range<Double>
    /// What its size stays below, as a share of the rate.
    public let limit: Double
    /// Its standard deviation before that, as a share of the rate.
    public let deviation: Double
    private let random: Random

    /// Noise of a deviation in some epochs.
    public init(epochs: Range<Double>, limit: Double, deviation: Double, seed: UInt64) {
      (self.epochs, self.limit, self.deviation) = (epochs, limit, deviation)
      random = Random(seed: seed).split("lr-noise")
    }

    /// The noise after `epoch` epochs, as a share of the rate.
    public func callAsFunction(_ epoch: Double) -> Double {
      guard epochs.contains(epoch) else { return 0 }
      var random = random.split(Int(truncatingIfNeeded: epoch.bitPattern))
      while true {
        let noise = random.normal() * deviation
        if abs(noise) < limit { return noise }
      }
    }
  }
}
