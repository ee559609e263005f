import Autodiff
import ConViT

/// A group of changes of an image that keep its pixels and move them.
///
/// An element g takes an image x to the image gx with (gx)(p) = x(g⁻¹p), so that (gh)x = g(hx).
public struct ImageSymmetry: Hashable, Sendable {
  private enum Kind: Hashable {
    /// Turns and mirror images of a square.
    case square
    /// Cyclic shifts along both axes, in so many steps.
    case shifts(Int)
  }

  /// What it is called: `d4`, `cyclic:4`.
  public let name: String
  /// The group that the elements are numbers of.
  public let group: FiniteGroup
  /// The elements, 0 first: those of a subgroup, or all.
  public let elements: [Int]
  private let kind: Kind

  /// All turns and mirror images of a square, D₄.
  public static let d4 = ImageSymmetry(square: "d4", Array(0..<8))
  /// Turns by 90°.
  public static let c4 = ImageSymmetry(square: "c4", [0, 1, 2, 3])
  /// Mirror images, left to right.
  public static let horizontalFlip = ImageSymmetry(square: "hflip", [0, 4])

  /// The subgroups of D₄ by name.
  private static let squares: [(name: String, elements: [Int])] = [
    ("none", [0]), ("hflip", [0, 4]), ("vflip", [0, 6]), ("transpose", [0, 5]),
    ("antitranspose", [0, 7]), ("c2", [0, 2]), ("flips", [0, 2, 4, 6]),
    ("transposes", [0, 2, 5, 7]), ("c4", [0, 1, 2, 3]), ("d4", Array(0..<8)),
  ]

  /// The ten subgroups of D₄, the smaller ones first.
  public static let subgroupsOfD4 = squares.map { ImageSymmetry(square: $0.name, $0.elements) }

  /// Cyclic shifts along both axes by multiples of the height and the width over `steps`.
  public static func shifts(_ steps: Int) -> ImageSymmetry {
    let group = FiniteGroup.product(.cyclic(steps), .cyclic(steps))
    return ImageSymmetry("cyclic:\(steps)", group, Array(group.elements), .shifts(steps))
  }

  /// A group by its name: a subgroup of D₄ (`none`, `hflip` or `flip`, `vflip`, `transpose`,
  /// `antitranspose`, `c2`, `flips`, `transposes`, `c4`, `d4`), or `cyclic:K`; capital letters are
  /// as good.
  public init(named name: String) throws(SymmetryError) {
    let lowercased = name.lowercased()
    let known = lowercased == "flip" ? "hflip" : lowercased
    if let square = Self.squares.first(where: { $0.name == known }) {
      self.init(square: square.name, square.elements)
    } else if known.hasPrefix("cyclic:") {
      guard let steps = Int(known.dropFirst(7)), (2...64).contains(steps) else {
        throw SymmetryError("cyclic:K has 2 to 64 steps, found '\(name)'")
      }
      self = .shifts(steps)
    } else {
      let near = NearNames.of(name, among: Self.squares.map(\.name) + ["flip", "cyclic:K"])
      let question = near.isEmpty ? "" : "." + NearNames.question(near)
      throw SymmetryError("no group is called '\(name)'; \(Self.names)\(question)")
    }
  }

  /// "there are hflip, …, d4 and cyclic:K"
  package static let names =
    "there are " + squares.map(\.name).joined(separator: ", ") + " and cyclic:K"

  private init(_ name: String, _ group: FiniteGroup, _ elements: [Int], _ kind: Kind) {
    (self.name, self.group, self.elements, self.kind) = (name, group, elements, kind)
  }

  private init(square name: String, _ elements: [Int]) {
    self.init(name, .dihedral(4), elements, .square)
  }

  /// What an element does: `half turn`, `shift by (1, 3)`.
  public func title(of element: Int) -> String {
    checkPrecondition(
      elements.contains(element), "ImageSymmetry.title: \(name) has no element \(element)")
    guard case .shifts(let steps) = kind else { return Self.titles[element] }
    return element == 0
      ? "identity" : "shift by (\(element / steps), \(element % steps)) / \(steps)"
  }

  private static let titles = [
    "identity", "quarter turn", "half turn", "three-quarter turn", "mirror image, left to right",
    "transpose", "mirror image, top to bottom", "transpose across the other diagonal",
  ]

  /// For each element, where each pixel of gx is in x: pixels of `height` × `width`, row by row.
  ///
  /// - Throws: `SymmetryError` if these images have no such symmetry.
  public func places(height: Int, width: Int) throws(SymmetryError) -> [[Int]] {
    try requireFit(height: height, width: width)
    return elements.map { element in
      (0..<height * width).map { pixel in
        let (y, x) = source(element, pixel / width, pixel % width, height, width)
        return y * width + x
      }
    }
  }

  /// Whether whole patches of so many pixels change places, and nothing in them does.
  func movesWholePatches(_ patchSize: Int, height: Int, width: Int) -> Bool {
    guard case .shifts(let steps) = kind else { return elements == [0] }
    return height % (steps * patchSize) == 0 && width % (steps * patchSize) == 0
  }

  private func requireFit(height: Int, width: Int) throws(SymmetryError) {
    switch kind {
    case .square:
      let turns = elements.contains { $0 % 2 == 1 }
      guard !turns || height == width else {
        throw SymmetryError(
          "\(name) turns images by 90°, which \(height) × \(width) are not square for")
      }
    case .shifts(let steps):
      guard height % steps == 0, width % steps == 0 else {
        throw SymmetryError(
          "cyclic:\(steps) shifts images by 1/\(steps) of their height and width: \(height) × "
            + "\(width) pixels are no multiple of \(steps)")
      }
    }
  }

  /// g⁻¹ of a pixel.
  private func source(
    _ element: Int, _ y: Int, _ x: Int, _ height: Int, _ width: Int
  ) -> (y: Int, x: Int) {
    if case .shifts(let steps) = kind {
      let (down, right) = (element / steps * height / steps, element % steps * width / steps)
      return ((y - down + height) % height, (x - right + width) % width)
    }
    // The turn goes back first, then the mirror image: (rᵏm)⁻¹ = m·r⁻ᵏ.
    let turned: (y: Int, x: Int) =
      switch element % 4 {
      case 0: (y, x)
      case 1: (x, height - 1 - y)
      case 2: (height - 1 - y, width - 1 - x)
      default: (width - 1 - x, y)
      }
    return element < 4 ? turned : (turned.y, width - 1 - turned.x)
  }
}
