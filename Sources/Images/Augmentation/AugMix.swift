import Autodiff
import Foundation

/// Chains of operations mixed with each other and with the image (Hendrycks et al. 2020), as
/// timm's `AugMixAugment` with α = 1: all shares that add up to 1 are equally likely.
struct AugMix: Hashable, Sendable {
  var operations: [RandomOperation]
  var width = 3  // chains
  /// Operations of a chain; nil draws 1, 2 or 3 for each.
  var depth: Int?
  /// Whether chains are blended in one after the other, in bytes, and not summed first.
  var isBlended = false

  typealias Apply = (RandomOperation, RGBImage, inout Random) -> RGBImage

  func callAsFunction(_ image: RGBImage, random: inout Random, apply: Apply) -> RGBImage {
    let draws = (0..<width).map { _ in -log(1 - random.uniform()) }
    let total = draws.reduce(0, +)
    let shares = draws.map { Float($0 / total) }
    let share = Float(random.uniform())
    func chain() -> RGBImage {
      (0..<(depth ?? 1 + random.below(3))).reduce(image) { image, _ in
        apply(operations[random.below(operations.count)], image, &random)
      }
    }
    guard isBlended else {
      var sums = [Float](repeating: 0, count: image.pixels.count)
      for share in shares {
        let augmented = chain()
        for i in sums.indices { sums[i] += share * Float(augmented.pixels[i]) }
      }
      let mixed = RGBImage(
        width: image.width, height: image.height,
        pixels: sums.map { UInt8(min(max($0, 0), 255)) })
      return image.blended(with: mixed, Double(share))
    }
    // Blending in reverse gives each chain what the later ones leave of it.
    var left: Float = 1
    let factors = shares.reversed().map { each in
      let factor = each * share / left
      left *= 1 - factor
      return factor
    }
    return factors.reversed().reduce(image) { $0.blended(with: chain(), Double($1)) }
  }
}
