import Autodiff
import Foundation

/// Rectangles of noise over normalised images (Zhong et al. 2017): timm's `RandomErasing`.
///
/// Each rectangle has a share of the image's area drawn from 0.02 to 1/3, divided by their number,
/// and a ratio of height to width drawn evenly on a logarithmic scale from 0.3 to 1/0.3. After ten
/// draws that do not fit, there is none.
public struct RandomErasing: Hashable, Sendable {
  /// What is in a rectangle.
  public enum Mode: String, Hashable, Sendable, Codable, CaseIterable {
    /// Zero, which is the mean.
    case const
    /// One colour, normally distributed.
    case rand
    /// Each number by itself, normally distributed.
    case pixel
  }

  let probability: Double
  let mode: Mode
  let count: Int
  let sparesFirstHalf: Bool

  /// An erasing from its parts.
  ///
  /// - Parameters:
  ///   - probability: How many images are erased in.
  ///   - mode: What is in a rectangle.
  ///   - count: The most rectangles of an image; how many there are is drawn evenly from 1 on.
  ///   - sparesFirstHalf: Whether the first half of each batch is left alone, as by timm's loader
  ///     with `re_split`.
  /// - Precondition: there is at least one rectangle.
  public init(
    probability: Double, mode: Mode = .pixel, count: Int = 1, sparesFirstHalf: Bool = false
  ) {
    checkPrecondition(count > 0, "RandomErasing: \(count) rectangles")
    (self.probability, self.mode) = (probability, mode)
    (self.count, self.sparesFirstHalf) = (count, sparesFirstHalf)
  }

  /// Erases in `planes`, [channels, height, width].
  func callAsFunction(
    _ planes: UnsafeMutableBufferPointer<Float>, size: ImageSize, random: Random
  ) {
    let area = size.height * size.width
    checkPrecondition(
      area > 0 && planes.count % area == 0,
      "RandomErasing: \(planes.count) numbers are no planes of \(size)")
    var places = random.split("places")
    var noise = random.split("noise")
    for region in regions(size, uniform: { places.uniform() }) {
      for channel in 0..<planes.count / area {
        let color = mode == .rand ? Float(noise.normal()) : 0
        for y in region.y..<(region.y + region.height) {
          let start = (channel * size.height + y) * size.width + region.x
          let row = UnsafeMutableBufferPointer(rebasing: planes[start..<(start + region.width)])
          if mode == .pixel {
            noise.fillNormal(row)
          } else {
            row.update(repeating: color)
          }
        }
      }
    }
  }

  /// The rectangles to erase in an image of `size`, which may overlap, from numbers in [0, 1).
  func regions(_ size: ImageSize, uniform: () -> Double) -> [PixelRegion] {
    func between(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }
    func below(_ bound: Int) -> Int { Int(uniform() * Double(bound)) }
    if uniform() > probability { return [] }
    let count = self.count == 1 ? 1 : 1 + below(self.count)
    return (0..<count).compactMap { _ in
      for _ in 0..<10 {
        let share = between(0.02, 1.0 / 3)
        let target = share * Double(size.height * size.width) / Double(count)
        let ratio = exp(between(log(0.3), log(1 / 0.3)))
        let h = pythonRound((target * ratio).squareRoot())
        let w = pythonRound((target / ratio).squareRoot())
        if w < size.width && h < size.height {
          let y = below(size.height - h + 1)
          return PixelRegion(x: below(size.width - w + 1), y: y, width: w, height: h)
        }
      }
      return nil
    }
  }
}
