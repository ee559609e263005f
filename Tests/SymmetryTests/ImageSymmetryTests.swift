import Symmetry
import Testing

@Suite struct ImageSymmetryTests {
  /// (gh)x = g(hx) for all elements, on squares and elsewhere.
  @Test(arguments: [
    ("d4", 3, 3), ("d4", 4, 4), ("flips", 2, 5), ("cyclic:2", 4, 6), ("cyclic:3", 6, 3),
    ("transposes", 5, 5), ("none", 1, 2),
  ])
  func actsAsTheGroup(name: String, height: Int, width: Int) throws {
    let symmetry = try ImageSymmetry(named: name)
    let places = try symmetry.places(height: height, width: width)
    let number = Dictionary(uniqueKeysWithValues: symmetry.elements.enumerated().map { ($1, $0) })
    #expect(places[0] == Array(0..<height * width) && Set(places).count == places.count)
    for (i, g) in symmetry.elements.enumerated() {
      #expect(places[i].sorted() == Array(0..<height * width))
      for (j, h) in symmetry.elements.enumerated() {
        let product = try #require(number[symmetry.group.product(g, h)])
        // Where g(hx) takes a pixel from: g says where in hx, h says where that is in x.
        #expect(places[product] == places[i].map { places[j][$0] })
      }
    }
  }

  @Test func whatTheElementsDo() throws {
    func moved(_ name: String, _ element: Int, _ height: Int, _ width: Int) throws -> [Int] {
      let symmetry = try ImageSymmetry(named: name)
      let index = try #require(symmetry.elements.firstIndex(of: element))
      return try symmetry.places(height: height, width: width)[index]
    }
    #expect(try moved("hflip", 4, 2, 3) == [2, 1, 0, 5, 4, 3])
    #expect(try moved("vflip", 6, 2, 3) == [3, 4, 5, 0, 1, 2])
    #expect(try moved("transpose", 5, 2, 2) == [0, 2, 1, 3])
    #expect(try moved("antitranspose", 7, 2, 2) == [3, 1, 2, 0])
    #expect(try moved("c2", 2, 2, 3) == [5, 4, 3, 2, 1, 0])
    // Against the clock, as NumPy's rot90 and PyTorch's.
    #expect(try moved("c4", 1, 2, 2) == [1, 3, 0, 2])
    #expect(try moved("c4", 3, 2, 2) == [2, 0, 3, 1])
    // By half the height down, and by half the width to the right.
    #expect(try moved("cyclic:2", 2, 2, 4) == [4, 5, 6, 7, 0, 1, 2, 3])
    #expect(try moved("cyclic:2", 1, 2, 4) == [2, 3, 0, 1, 6, 7, 4, 5])
  }

  @Test func theSubgroupsOfD4() {
    let all = ImageSymmetry.subgroupsOfD4
    #expect(Set(all.map(\.elements)) == Set(ImageSymmetry.d4.group.subgroups))
    #expect(Set(all.map(\.name)).count == 10 && all.last == .d4)
    #expect(all.map(\.elements.count) == all.map(\.elements.count).sorted())
  }

  @Test(arguments: [
    ("c4", 2, 3, "c4 turns images by 90°, which 2 × 3 are not square for"),
    ("transpose", 2, 3, "are not square"), ("cyclic:3", 6, 4, "no multiple"),
  ])
  func imagesWithoutTheSymmetry(name: String, height: Int, width: Int, reason: String) throws {
    let symmetry = try ImageSymmetry(named: name)
    let error = #expect(throws: SymmetryError.self) {
      try symmetry.places(height: height, width: width)
    }
    #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: ["", "d8", "cyclic:", "cyclic:1", "cyclic:65", "cyclic:x"])
  func unknownNames(name: String) {
    #expect(throws: SymmetryError.self) { try ImageSymmetry(named: name) }
  }

  @Test(arguments: [
    ("d5", "and cyclic:K. Did you mean 'd4'?"), ("fllip", "Did you mean 'flip'?"),
    ("cyclic4", "Did you mean 'cyclic:K'?"), ("rotations", "d4 and cyclic:K"),
  ])
  func nearNames(name: String, end: String) {
    let error = #expect(throws: SymmetryError.self) { try ImageSymmetry(named: name) }
    #expect(error?.description.hasSuffix(end) == true, "\(error?.description ?? "")")
  }

  @Test func capitalLetters() throws {
    #expect(try ImageSymmetry(named: "C4") == .c4)
    #expect(try ImageSymmetry(named: "Flip") == .horizontalFlip)
    #expect(try ImageSymmetry(named: "CYCLIC:4") == .shifts(4))
  }

  @Test func flipIsTheHorizontalOne() throws {
    #expect(try ImageSymmetry(named: "flip") == .horizontalFlip)
  }
}
