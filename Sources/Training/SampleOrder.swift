import Autodiff
import Images

/// Which examples an epoch visits, in which order: a function of seed and epoch alone. What is said
/// of images here holds for examples of any kind.
///
/// Without repeats an epoch visits every image. With k repeats (repeated augmentation, Hoffer et
/// al. 2020) each image comes k times in a row, and the epoch ends after about as many images as
/// there are, so that it has seen a k-th of them. Several processes take turns: process r of n has
/// places r, r + n, r + 2n, … of the order.
///
/// Counts and places are those of DeiT's `RASampler`, of which k is 3, and of PyTorch's
/// `DistributedSampler` for k = 1. Where they differ: the permutation is drawn from seed and epoch,
/// not from the epoch alone; fewer than 256 images, of which DeiT's rule leaves an epoch of none,
/// are all counted; and one process repeats as well, which DeiT's `main.py` does not.
public struct SampleOrder: Sendable {
  private let seed: Random
  private let isShuffled: Bool
  private let repeats, process, processes: Int

  /// An order with `repeats` copies of each image in a row, for one of `processes`, counted from 0.
  public init(
    seed: UInt64, isShuffled: Bool, repeats: Int, process: Int = 0, of processes: Int = 1
  ) {
    checkPrecondition(repeats > 0, "SampleOrder: \(repeats) repeats")
    checkPrecondition(
      (0..<processes).contains(process), "SampleOrder: process \(process) of \(processes)")
    self.seed = Random(seed: seed).split("order")
    (self.isShuffled, self.repeats) = (isShuffled, repeats)
    (self.process, self.processes) = (process, processes)
  }

  /// How many images a process visits in an epoch over `images` of them. With repeats it is a
  /// process's part of the images rounded down to a multiple of 256, if there are so many; it is 0
  /// if there are fewer images than processes. Without, the parts are rounded up: the first images
  /// of the order come once more at its end.
  public func count(of images: Int) -> Int {
    guard repeats > 1 else { return (images + processes - 1) / processes }
    return (images < 256 ? images : images / 256 * 256) / processes
  }

  /// How many different images all processes together visit in an epoch over `images` of them.
  package func uniqueCount(of images: Int) -> Int {
    min(images, (count(of: images) * processes + repeats - 1) / repeats)
  }

  /// The requests of an epoch; copies of an image have different random numbers.
  public func callAsFunction(_ examples: [Example], epoch: Int) -> [ExampleRequest] {
    var random = seed.split(epoch)
    let order = isShuffled ? random.permutation(examples.count) : Array(examples.indices)
    let copies = seed.split("copies").split(epoch)
    return (0..<count(of: examples.count)).map { turn in
      let place = process + turn * processes
      let example = examples[order[place / repeats % examples.count]]
      return ExampleRequest(example, random: copies.split(example.index).split(place % repeats))
    }
  }
}
