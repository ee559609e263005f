import Autodiff
import Images

/// Which images of a batch are mixed with which others, and how: mixup (Zhang et al. 2018) and
/// CutMix (Yun et al. 2019), drawn as timm's `Mixup` draws them.
///
/// It mixes examples of any shape; CutMix takes boxes of the last two axes, so that it needs these,
/// and the same box for all before them (colours, frames).
///
/// As there, the partner of image i of n is image n − 1 − i. That leaves the middle one of an odd
/// number without any, and one whose partner cannot be read: it stays what it is. (With a rotation
/// instead, every batch would differ from timm's, and pairs would not be pairs.)
public struct Mixing: Sendable {
  /// How many images have their numbers in common.
  public enum Mode: String, Hashable, Sendable, Codable, CaseIterable {
    /// All of a step.
    case batch
    /// An image and its partner.
    case pair
    /// None: each has its own.
    case elem
  }

  /// Mixup's α, the share of two blended images being Beta(α, α); 0 is none.
  let mixup: Double
  /// CutMix's α, a box of one image pasted into another; 0 is none.
  let cutmix: Double
  /// The smallest and largest side of CutMix's box, by the image's, in the place of its α.
  package var minmax: [Double]?
  /// How probable it is that images are mixed at all.
  public var probability = 1.0
  /// How probable CutMix is where there is mixup as well.
  public var switchProbability = 0.5
  /// What is drawn once: a step's mixing, a pair's, or an image's.
  public var mode = Mode.batch
  /// The epoch, from 0, at which mixing ends; 0 is never.
  package var offEpoch = 0
  private let size: ImageSize  // of the last two axes
  private let source: Random

  /// The mixing of examples of a shape, such as [3, height, width], by mixup's α and CutMix's α, 0
  /// for none; timm's defaults for the rest.
  ///
  /// - Precondition: one of them is above 0, and for CutMix there are two axes at least.
  public init(mixup: Double, cutmix: Double = 0, shape: Shape, seed: UInt64) {
    checkPrecondition(
      mixup >= 0 && cutmix >= 0 && max(mixup, cutmix) > 0,
      "Mixing: mixup \(mixup) and cutmix \(cutmix) mix nothing")
    checkPrecondition(
      shape.rank > 1 || cutmix == 0, "Mixing: CutMix needs two axes, examples have \(shape)")
    (self.mixup, self.cutmix) = (mixup, cutmix)
    size = shape.rank > 1 ? ImageSize(height: shape[-2], width: shape[-1]) : ImageSize(1)
    source = Random(seed: seed).split("mixing")
  }

  /// Stops the program for examples of another size than the boxes are drawn for.
  func check(_ shape: Shape) {
    let isFit = shape.rank > 1 && ImageSize(height: shape[-2], width: shape[-1]) == size
    checkPrecondition(
      cutmix == 0 || isFit,
      "Mixing: CutMix's boxes are for examples of \(size.height) × \(size.width), found \(shape); "
        + "make it with the shape of an example")
  }

  /// What becomes of each image of a batch, by their partners in it: a function of seed, epoch,
  /// step, and the images' places in the step. So a step draws the same however it is cut into
  /// batches (`StepParts`).
  package func callAsFunction(
    _ places: [Int], partners: [Int], epoch: Int, step: Int
  ) -> [Mix] {
    var mixes = [Mix](repeating: .none, count: places.count)
    guard places.count > 1, offEpoch == 0 || epoch < offEpoch else { return mixes }
    let random = source.split(epoch).split(step)
    let common = mode == .batch ? mix(random) : nil
    for (index, partner) in partners.enumerated() where index != partner {
      let (own, other) = (places[index], places[partner])
      mixes[index] = common ?? mix(random.split(mode == .pair ? min(own, other) : own)).rounded
    }
    return mixes
  }

  /// A draw, in the order of timm's `_params_per_batch`.
  private func mix(_ random: Random) -> Mix {
    var random = random
    guard random.uniform() < probability else { return .none }
    let cuts =
      mixup > 0 && cutmix > 0 ? random.uniform() < switchProbability : cutmix > 0
    let alpha = cuts ? cutmix : mixup
    let share = random.beta(alpha, alpha)
    guard cuts, share < 1 else { return Mix(share: share) }
    return Mix(
      pasting: minmax.map { box($0, &random) } ?? box(share: share, &random),
      into: size)
  }

  /// A box of about (1 − share) of the area, cut at the edges: timm's `rand_bbox`.
  private func box(share: Double, _ random: inout Random) -> Mix.Box {
    let ratio = (1 - share).squareRoot()
    func range(_ side: Int) -> Range<Int> {
      let length = Int(Double(side) * ratio)
      let centre = random.below(side)
      return max(centre - length / 2, 0)..<min(centre + (length + 1) / 2, side)
    }
    return Mix.Box(rows: range(size.height), columns: range(size.width))
  }

  /// A box inside of the image whose sides are drawn from a range of ratios: timm's
  /// `rand_bbox_minmax`, in which the largest length is not reached.
  private func box(_ ratios: [Double], _ random: inout Random) -> Mix.Box {
    func range(_ side: Int) -> Range<Int> {
      let lengths = Mixing.lengths(ratios, of: side)
      let length = lengths.lowerBound + random.below(lengths.count)
      let start = random.below(side - length + 1)
      return start..<start + length
    }
    return Mix.Box(rows: range(size.height), columns: range(size.width))
  }

  /// The lengths that a box can have on a side.
  package static func lengths(_ ratios: [Double], of side: Int) -> Range<Int> {
    let (low, high) = (Int(Double(side) * ratios[0]), Int(Double(side) * ratios[1]))
    return low..<max(low, high)
  }
}
