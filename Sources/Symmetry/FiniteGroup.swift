import Autodiff

/// A finite group: its elements are the numbers 0 …< `order`, of which 0 is the identity.
///
/// ```swift
/// let group = FiniteGroup.dihedral(4)
/// group.product(1, 4)    // what comes of 4, then of 1
/// group.subgroups.count  // 10
/// ```
public struct FiniteGroup: Hashable, Sendable {
  /// The number of elements.
  public let order: Int
  private let products: [Int]  // [order · order], g · h in row g

  /// A group by its table of products: row g, column h has g · h.
  ///
  /// - Throws: `SymmetryError` if that is no group with 0 as its identity.
  public init(products: [[Int]]) throws(SymmetryError) {
    let order = products.count
    let all = 0..<order
    guard order > 0, products.allSatisfy({ $0.count == order && $0.allSatisfy(all.contains) })
    else { throw SymmetryError("a table of products is square, with the numbers of its rows") }
    self.init(order, products.flatMap(\.self))
    guard all.allSatisfy({ product(0, $0) == $0 && product($0, 0) == $0 }) else {
      throw SymmetryError("element 0 is not the identity")
    }
    guard all.allSatisfy({ Set(products[$0]).count == order }),
      all.allSatisfy({ g in
        all.allSatisfy { h in
          all.allSatisfy { product(product(g, h), $0) == product(g, product(h, $0)) }
        }
      })
    else { throw SymmetryError("the products are not those of a group") }
  }

  init(_ order: Int, _ products: [Int]) { (self.order, self.products) = (order, products) }

  private init(_ order: Int, product: (Int, Int) -> Int) {
    self.init(
      order, (0..<order).flatMap { g in (0..<order).map { product(g, $0) } })
  }

  /// Cₙ: element k is k times the first.
  public static func cyclic(_ n: Int) -> FiniteGroup {
    checkPrecondition(n > 0, "FiniteGroup.cyclic: \(n) elements")
    return FiniteGroup(n) { ($0 + $1) % n }
  }

  /// Dₙ, the symmetries of a regular polygon: elements 0 …< n are turns by k / n, and n + k is a
  /// mirror image that is then turned so.
  public static func dihedral(_ n: Int) -> FiniteGroup {
    checkPrecondition(n > 0, "FiniteGroup.dihedral: a polygon of \(n) corners")
    return FiniteGroup(2 * n) { g, h in
      let turn = g < n ? g + h % n : g % n - h % n + n  // a mirror image turns the other way
      return turn % n + ((g < n) == (h < n) ? 0 : n)
    }
  }

  /// The pairs of two groups' elements; (a, b) is number a · |second| + b.
  public static func product(_ first: FiniteGroup, _ second: FiniteGroup) -> FiniteGroup {
    let n = second.order
    return FiniteGroup(first.order * n) {
      first.product($0 / n, $1 / n) * n + second.product($0 % n, $1 % n)
    }
  }

  /// All elements.
  public var elements: Range<Int> { 0..<order }

  /// g · h: what comes of h, then of g.
  public func product(_ g: Int, _ h: Int) -> Int {
    requireElement(g)
    requireElement(h)
    return products[g * order + h]
  }

  /// g⁻¹
  public func inverse(_ g: Int) -> Int {
    elements.first { product(g, $0) == 0 } ?? 0
  }

  /// Ends the process if a group has no such element.
  func requireElement(_ g: Int) {
    checkPrecondition(
      elements.contains(g), "FiniteGroup: there is no element \(g) among the \(order)")
  }

  /// The smallest subgroup that some elements are in, in ascending order.
  public func subgroup(of generators: [Int]) -> [Int] {
    generators.forEach(requireElement)
    var members: Set<Int> = [0]
    var new = generators
    while let element = new.popLast() {
      guard members.insert(element).inserted || element == 0 else { continue }
      for other in members {
        new += [product(element, other), product(other, element)].filter { !members.contains($0) }
      }
    }
    return members.sorted()
  }

  /// All subgroups, the smaller ones first; each is its elements in ascending order.
  public var subgroups: [[Int]] {
    let cyclic = Set(elements.map { subgroup(of: [$0]) })
    var (found, new) = (cyclic, cyclic)
    while !new.isEmpty {
      let joined = Set(new.flatMap { large in cyclic.map { subgroup(of: large + $0) } })
      new = joined.subtracting(found)
      found.formUnion(joined)
    }
    return found.sorted { ($0.count, $0.description) < ($1.count, $1.description) }
  }
}
