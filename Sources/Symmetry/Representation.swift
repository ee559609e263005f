import Autodiff
import Numerics

/// An orthogonal representation of a finite group: for each element an orthogonal matrix, and
/// products for products.
///
/// ```swift
/// let pixels = try Representation(of: .d4, height: 6, width: 6)   // on ℝ³⁶
/// pixels.invariantDimension                                       // 6
/// ```
public struct Representation: Hashable, Sendable {
  /// The group.
  public let group: FiniteGroup
  /// The dimension d of the space that it acts on.
  public let dimension: Int
  private let matrices: [Matrix]  // [d, d], by element

  /// A representation by the matrices of all elements, each d · d numbers row by row.
  ///
  /// - Throws: `SymmetryError` if these are no orthogonal matrices of a representation, to 1e-9.
  public init(_ group: FiniteGroup, matrices: [[Double]]) throws(SymmetryError) {
    let dimension = Int(Double(matrices.first?.count ?? 0).squareRoot().rounded())
    guard matrices.count == group.order, dimension > 0,
      matrices.allSatisfy({ $0.count == dimension * dimension })
    else {
      throw SymmetryError(
        "a representation of \(group.order) elements has as many square matrices of one size")
    }
    self.init(group, matrices.map { Matrix(dimension, dimension, $0) })
    let identity = Matrix(identity: dimension)
    func areClose(_ a: Matrix, _ b: Matrix) -> Bool { (a - b).squaredNorm < 1e-18 }
    guard self.matrices.allSatisfy({ areClose($0 * $0.transposed, identity) }) else {
      throw SymmetryError("the matrices of a representation must be orthogonal")
    }
    let isHomomorphism = group.elements.allSatisfy { g in
      group.elements.allSatisfy { h in
        areClose(self.matrices[g] * self.matrices[h], self.matrices[group.product(g, h)])
      }
    }
    guard isHomomorphism else {
      throw SymmetryError("the matrix of a product is not the product of the matrices")
    }
  }

  /// A representation by permutations: the i-th coordinate of gx is the one of x at `places[g][i]`.
  ///
  /// - Throws: `SymmetryError` if these are no permutations, or not those of the group.
  public init(_ group: FiniteGroup, places: [[Int]]) throws(SymmetryError) {
    let dimension = places.first?.count ?? 0
    guard places.allSatisfy({ $0.sorted() == Array(0..<dimension) }) else {
      throw SymmetryError("a permutation of \(dimension) coordinates has each of them once")
    }
    try self.init(
      group,
      matrices: places.map { places in
        places.flatMap { place in (0..<dimension).map { $0 == place ? 1 : 0 } }
      })
  }

  /// A symmetry of images on their pixels, row by row, and channel by channel.
  ///
  /// - Throws: `SymmetryError` if images of this size do not have it.
  public init(
    of symmetry: ImageSymmetry, height: Int, width: Int, channels: Int = 1
  ) throws(SymmetryError) {
    let pixels = try symmetry.places(height: height, width: width)
    let places = pixels.map { places in
      (0..<channels).flatMap { channel in places.map { channel * places.count + $0 } }
    }
    try self.init(symmetry.ownGroup, places: places)
  }

  private init(_ group: FiniteGroup, _ matrices: [Matrix]) {
    (self.group, self.matrices) = (group, matrices)
    dimension = matrices.first?.rows ?? 0
  }

  /// Every element leaves all of ℝᵈ as it is.
  public static func trivial(_ group: FiniteGroup, dimension: Int = 1) -> Representation {
    Representation(group, group.elements.map { _ in Matrix(identity: dimension) })
  }

  /// The group on functions of itself: (gx)(h) = x(g⁻¹h).
  public static func regular(_ group: FiniteGroup) -> Representation {
    Representation(
      group,
      group.elements.map { g in
        var matrix = Matrix(zeros: group.order, group.order)
        for h in group.elements { matrix[h, group.product(group.inverse(g), h)] = 1 }
        return matrix
      })
  }

  /// Two representations side by side, on ℝᵈ⁺ᵉ.
  public func directSum(_ other: Representation) throws(SymmetryError) -> Representation {
    guard group == other.group else { throw SymmetryError("a sum is of one group") }
    let whole = dimension + other.dimension
    return Representation(
      group,
      group.elements.map { g in
        var matrix = Matrix(zeros: whole, whole)
        for i in 0..<whole {
          for j in 0..<whole where (i < dimension) == (j < dimension) {
            matrix[i, j] =
              i < dimension
              ? matrices[g][i, j] : other.matrices[g][i - dimension, j - dimension]
          }
        }
        return matrix
      })
  }

  /// The trace of an element's matrix.
  public func character(_ element: Int) -> Double { matrices[element].trace }

  /// gx
  public func callAsFunction(_ element: Int, _ x: [Double]) -> [Double] { matrices[element] * x }

  /// The dimension of the vectors that no element changes: the mean of the characters.
  public var invariantDimension: Int { Int(mean { character($0) }.rounded()) }

  package func matrix(_ element: Int) -> Matrix { matrices[element] }

  /// Φ = 1/|G| Σ_g φ(g), the projection on what no element changes.
  package var projection: Matrix {
    let sum = matrices.dropFirst().reduce(matrices[0], +)
    return 1 / Double(group.order) * sum
  }

  /// The mean of a function of the elements.
  func mean(_ value: (Int) -> Double) -> Double {
    group.elements.reduce(0) { $0 + value($1) } / Double(group.order)
  }
}

extension ImageSymmetry {
  /// The elements as a group by itself, in their order.
  var ownGroup: FiniteGroup {
    let places = Dictionary(uniqueKeysWithValues: elements.enumerated().map { ($1, $0) })
    return FiniteGroup(
      elements.count,
      elements.flatMap { g in elements.map { places[group.product(g, $0)] ?? 0 } })
  }
}
