import Symmetry
import Testing

@Suite struct FiniteGroupTests {
  static let groups: [(FiniteGroup, order: Int, subgroups: Int)] = [
    (.cyclic(1), 1, 1), (.cyclic(8), 8, 4), (.cyclic(12), 12, 6), (.dihedral(3), 6, 6),
    (.dihedral(4), 8, 10), (.dihedral(6), 12, 16), (.product(.cyclic(2), .cyclic(2)), 4, 5),
    (.product(.cyclic(4), .cyclic(4)), 16, 15), (.product(.dihedral(4), .cyclic(2)), 16, 35),
  ]

  /// The numbers of subgroups are those of the literature: d(n) for Cₙ, d(n) + σ(n) for Dₙ.
  @Test func subgroupsAreAsManyAsThereAre() {
    for (group, order, count) in Self.groups {
      #expect(group.order == order && group.subgroups.count == count)
      for subgroup in group.subgroups {
        #expect(subgroup.first == 0 && order % subgroup.count == 0)
        let isClosed = subgroup.allSatisfy { g in
          subgroup.allSatisfy { subgroup.contains(group.product(g, $0)) }
        }
        #expect(isClosed)
      }
    }
  }

  @Test func theAxioms() throws {
    for (group, _, _) in Self.groups {
      let table = group.elements.map { g in group.elements.map { group.product(g, $0) } }
      #expect(try FiniteGroup(products: table) == group)
      #expect(group.elements.allSatisfy { group.product($0, group.inverse($0)) == 0 })
    }
  }

  @Test(arguments: [
    ([[0, 1], [1]], "is square"), ([[0, 1], [1, 2]], "is square"), ([], "is square"),
    ([[1, 0], [0, 1]], "not the identity"), ([[0, 1], [1, 1]], "not those of a group"),
    // A quasigroup with an identity that is not associative.
    (
      [[0, 1, 2, 3, 4], [1, 0, 3, 4, 2], [2, 4, 0, 1, 3], [3, 2, 4, 0, 1], [4, 3, 1, 2, 0]],
      "not those of a group"
    ),
  ])
  func noGroups(products: [[Int]], reason: String) {
    let error = #expect(throws: SymmetryError.self) { try FiniteGroup(products: products) }
    #expect(error?.description.contains(reason) == true)
  }
}
