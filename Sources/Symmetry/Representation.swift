import Autodiff
import DoubleNumerics

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
  private let action: Action

  private enum Action: Hashable {
    /// Which coordinate of x is the i-th of gx, by element: permutations are not multiplied out.
    case places([[Int]])
    /// [d, d], by element.
    case matrices([Matrix])
  }

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
    let matrices = matrices.map { Matrix(dimension, dimension, $0) }
    self.init(group, dimension, .matrices(matrices))
    let identity = Matrix(identity: dimension)
    func areClose(_ a: Matrix, _ b: Matrix) -> Bool { (a - b).squaredNorm < 1e-18 }
    guard matrices.allSatisfy({ areClose($0 * $0.transposed, identity) }) else {
      throw SymmetryError("the matrices of a representation must be orthogonal")
    }
    let isHomomorphism = group.elements.allSatisfy { g in
      group.elements.allSatisfy { h in
        areClose(matrices[g] * matrices[h], matrices[group.product(g, h)])
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
    guard places.count == group.order, dimension > 0 else {
      throw SymmetryError("a representation of \(group.order) elements has as many permutations")
    }
    let isHomomorphism = group.elements.allSatisfy { g in
      group.elements.allSatisfy { h in
        places[group.product(g, h)] == places[g].map { places[h][$0] }
      }
    }
    guard isHomomorphism else {
      throw SymmetryError("the permutation of a product is not the product of the permutations")
    }
    self.init(group, dimension, .places(places))
  }

  /// A symmetry of images on their pixels, row by row, and channel by channel.
  ///
  /// - Throws: `SymmetryError` if images of this size do not have it.
  public init(
    of symmetry: ImageSymmetry, height: Int, width: Int, channels: Int = 1
  ) throws(SymmetryError) {
    checkPrecondition(channels > 0, "Representation: images of \(channels) channels")
    let pixels = try symmetry.places(height: height, width: width)
    let places = pixels.map { places in
      (0..<channels).flatMap { channel in places.map { channel * places.count + $0 } }
    }
    try self.init(symmetry.ownGroup, places: places)
  }

  private init(_ group: FiniteGroup, _ dimension: Int, _ action: Action) {
    (self.group, self.dimension, self.action) = (group, dimension, action)
  }

  /// Every element leaves all of ℝᵈ as it is.
  public static func trivial(_ group: FiniteGroup, dimension: Int = 1) -> Representation {
    checkPrecondition(dimension > 0, "Representation.trivial: a space of dimension \(dimension)")
    let places = group.elements.map { _ in Array(0..<dimension) }
    return Representation(group, dimension, .places(places))
  }

  /// The group on functions of itself: (gx)(h) = x(g⁻¹h).
  public static func regular(_ group: FiniteGroup) -> Representation {
    let places = group.elements.map { g in
      let inverse = group.inverse(g)
      return group.elements.map { group.product(inverse, $0) }
    }
    return Representation(group, group.order, .places(places))
  }

  /// Two representations side by side, on ℝᵈ⁺ᵉ.
  public func directSum(_ other: Representation) throws(SymmetryError) -> Representation {
    guard group == other.group else { throw SymmetryError("a sum is of one group") }
    let (d, whole) = (dimension, dimension + other.dimension)
    let sums = group.elements.map { g in
      let (first, second) = (matrix(g), other.matrix(g))
      var sum = Matrix(zeros: whole, whole)
      for i in 0..<whole {
        for j in 0..<whole where (i < d) == (j < d) {
          sum[i, j] = i < d ? first[i, j] : second[i - d, j - d]
        }
      }
      return sum
    }
    return Representation(group, whole, .matrices(sums))
  }

  /// The trace of an element's matrix.
  public func character(_ element: Int) -> Double {
    group.requireElement(element)
    return switch action {
    case .places(let places): Double(places[element].enumerated().count { $0 == $1 })
    case .matrices(let matrices): matrices[element].trace
    }
  }

  /// gx
  public func callAsFunction(_ element: Int, _ x: [Double]) -> [Double] {
    moving(Matrix(dimension, 1, x), by: element).elements
  }

  /// The dimension of the vectors that no element changes: the mean of the characters.
  public var invariantDimension: Int { Int(mean { character($0) }.rounded()) }

  package func matrix(_ element: Int) -> Matrix {
    moving(Matrix(identity: dimension), by: element)
  }

  /// φ(g) · w: [d, n] → [d, n].
  package func moving(_ w: Matrix, by element: Int) -> Matrix {
    group.requireElement(element)
    return switch action {
    case .places(let places): Matrix(dimension, w.columns, places[element].flatMap(w.row))
    case .matrices(let matrices): matrices[element] * w
    }
  }

  /// Φ = 1/|G| Σ_g φ(g), the projection on what no element changes.
  package var projection: Matrix {
    let sum = group.elements.dropFirst().reduce(matrix(0)) { $0 + matrix($1) }
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
