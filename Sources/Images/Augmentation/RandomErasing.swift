import Autodiff
import Foundation

/// Rectangles of noise over normalised images (Zhong et al. 2017): timm's `RandomErasing`.
///
/// Each rectangle has a share of the image's area drawn from `area`, divided by their number, and
/// a ratio of height to width drawn evenly on a logarithmic scale from `aspect`. After ten draws
/// that do not fit, there is none.
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

  /// How many images are erased in.
  public var probability: Double
  /// What is in a rectangle.
  public var mode: Mode
  /// The most rectangles of an image; how many there are is drawn evenly from 1 on.
  public var count: Int
  /// The least and the greatest share of the area for all rectangles together.
  public var area: ClosedRange<Double>
  /// The least and the greatest ratio of height to width.
  public var aspect: ClosedRange<Double>

  /// An erasing from its parts.
  ///
  /// - Precondition: there is at least one rectangle, and ratios are positive.
  public init(
    probability: Double, mode: Mode = .pixel, count: Int = 1,
    area: ClosedRange<Double> = 0.02...(1.0 / 3), aspect: ClosedRange<Double> = 0.3...(1 / 0.3)
  ) {
    checkPrecondition(
      count > 0 && aspect.lowerBound > 0, "RandomErasing: \(count) rectangles of ratios \(aspect)")
    self.probability = probability
    self.mode = mode
    self.count = count
    self.area = area
    self.aspect = aspect
  }

  /// Erases in `planes`, [channels, height, width].
  public func callAsFunction(
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
    let (low, high) = (log(aspect.lowerBound), log(aspect.upperBound))
    return (0..<count).compactMap { _ in
      for _ in 0..<10 {
        let share = between(area.lowerBound, area.upperBound)
        let target = share * Double(size.height * size.width) / Double(count)
        let ratio = exp(between(low, high))
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
