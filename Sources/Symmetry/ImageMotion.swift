import Foundation

/// A change of the plane by an amount t, which moves what is on it: (T_t x)(p) = x(T₋ₜ p).
package enum ImageMotion: String, Codable, CaseIterable, Sendable {
  /// To the right by t pixels.
  case translationX = "translation-x"
  /// Down by t pixels.
  case translationY = "translation-y"
  /// About the centre, clockwise, by t radians.
  case rotation
  /// About the centre, to eᵗ times the size.
  case scale

  /// What lies beyond the border of a grid.
  package enum Boundary: String, Codable, CaseIterable, Sendable {
    /// The grid once more: the plane is tiled with it. Translations are then a group, which loses
    /// nothing and invents no edge at the border; frames of one colour stay what they are.
    case cyclic
    /// Zeros.
    case zeros
  }

  /// What t is counted in.
  package var unit: String {
    switch self {
    case .translationX, .translationY: "pixel"
    case .rotation: "radian"
    case .scale: "factor of e"
    }
  }

  var isTranslation: Bool { self == .translationX || self == .translationY }

  /// The t that moves the farthest pixel of a grid by `distance`.
  func amount(moving distance: Double, height: Int, width: Int) -> Double {
    guard !isTranslation else { return distance }
    return distance / max(hypot(Double(height - 1), Double(width - 1)) / 2, 0.5)
  }

  /// T₋ₜ of a point beside the centre, x to the right and y down; t is in units of the grid.
  fileprivate func source(_ x: Double, _ y: Double, _ t: Double) -> (x: Double, y: Double) {
    switch self {
    case .translationX: (x - t, y)
    case .translationY: (x, y - t)
    case .rotation: (cos(t) * x + sin(t) * y, cos(t) * y - sin(t) * x)
    case .scale: (exp(-t) * x, exp(-t) * y)
    }
  }
}

/// A linear map of the values on a grid, row by row: each is a sum of some with weights.
struct Resampling: Sendable {
  private(set) var terms: [[(source: Int, weight: Double)]]
  /// Whether a place's sum takes nothing from beyond the border that is not there.
  private(set) var isInside: [Bool]

  /// T_t, with bilinear sampling; t is in units of the grid.
  init(
    _ motion: ImageMotion, by t: Double, height: Int, width: Int, _ boundary: ImageMotion.Boundary
  ) {
    let isWhole = boundary == .cyclic && motion.isTranslation
    let (middleX, middleY) = (Double(width - 1) / 2, Double(height - 1) / 2)
    terms = []
    isInside = []
    for place in 0..<height * width {
      let point = motion.source(
        Double(place % width) - middleX, Double(place / width) - middleY, t)
      var sum: [(source: Int, weight: Double)] = []
      var inside = true
      for (row, rowWeight) in Self.neighbours(point.y + middleY) {
        for (column, columnWeight) in Self.neighbours(point.x + middleX) {
          let isThere = (0..<height).contains(row) && (0..<width).contains(column)
          inside = inside && (isThere || isWhole)
          guard isThere || boundary == .cyclic else { continue }
          let source = Self.wrapped(row, height) * width + Self.wrapped(column, width)
          sum.append((source, rowWeight * columnWeight))
        }
      }
      terms.append(sum)
      isInside.append(inside)
    }
  }

  /// The derivative of T_t by t at 0, (T_h − T₋ₕ) / 2h; a unit of t is `scale` units of the grid
  /// if the motion is a translation.
  init(
    derivative motion: ImageMotion, step: Double, scale: Double, height: Int, width: Int,
    _ boundary: ImageMotion.Boundary
  ) {
    let t = motion.isTranslation ? step * scale : step
    let after = Resampling(motion, by: t, height: height, width: width, boundary)
    let before = Resampling(motion, by: -t, height: height, width: width, boundary)
    terms = zip(after.terms, before.terms).map { after, before in
      after.map { ($0.source, $0.weight / (2 * step)) }
        + before.map { ($0.source, -$0.weight / (2 * step)) }
    }
    isInside = zip(after.isInside, before.isInside).map { $0 && $1 }
  }

  /// The whole numbers around a coordinate and their weights; one if it is whole, to rounding.
  private static func neighbours(_ value: Double) -> [(place: Int, weight: Double)] {
    let whole = value.rounded()
    guard abs(value - whole) > 1e-9 else { return [(Int(whole), 1)] }
    let share = value - value.rounded(.down)
    return [(Int(value.rounded(.down)), 1 - share), (Int(value.rounded(.down)) + 1, share)]
  }

  private static func wrapped(_ place: Int, _ count: Int) -> Int {
    (place % count + count) % count
  }
}
