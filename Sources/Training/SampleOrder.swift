import Autodiff
import Images

/// Which images an epoch visits, in which order: a function of seed and epoch alone.
public struct SampleOrder: Sendable {
  private let seed: Random
  private let isShuffled: Bool
  private let repeats: Int

  /// An order; with `repeats` k, each image comes k times in a row, and the epoch ends after as
  /// many images as there are, so that it has seen a k-th of them (repeated augmentation, Hoffer
  /// et al. 2020, as DeiT's sampler with three).
  public init(seed: UInt64, isShuffled: Bool, repeats: Int) {
    precondition(repeats > 0, "SampleOrder: \(repeats) repeats")
    self.seed = Random(seed: seed).split("order")
    self.isShuffled = isShuffled
    self.repeats = repeats
  }

  /// The requests of an epoch; copies of an image have different random numbers.
  public func callAsFunction(_ samples: [ImageFolder.Sample], epoch: Int) -> [SampleRequest] {
    var random = seed.split(epoch)
    let order = isShuffled ? random.permutation(samples.count) : Array(samples.indices)
    let copies = seed.split("copies").split(epoch)
    return (0..<samples.count).map { place in
      let sample = samples[order[place / repeats]]
      return SampleRequest(sample, random: copies.split(sample.index).split(place % repeats))
    }
  }
}
