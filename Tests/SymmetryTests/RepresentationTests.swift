import Autodiff
import ConViT
import DoubleNumerics
import Foundation
import Testing

@testable import Symmetry

@Suite struct RepresentationTests {
  /// The plane turned by multiples of 60°, and a coordinate whose sign every other turn changes.
  static func turns() throws -> Representation {
    try Representation(
      .cyclic(6),
      matrices: (0..<6).map { k in
        let (c, s) = (cos(.pi * Double(k) / 3), sin(.pi * Double(k) / 3))
        return [c, -s, 0, s, c, 0, 0, 0, k % 2 == 0 ? 1 : -1]
      })
  }

  @Test func charactersAndInvariants() throws {
    let pixels = try Representation(of: .d4, height: 6, width: 6)
    #expect(pixels.dimension == 36 && pixels.invariantDimension == 6)
    #expect(pixels.group.elements.map(pixels.character) == [36, 0, 0, 0, 0, 6, 0, 6])
    let channels = try Representation(of: .c4, height: 3, width: 3, channels: 2)
    #expect(channels.dimension == 18 && channels.invariantDimension == 6)
    #expect(Representation.regular(.dihedral(3)).invariantDimension == 1)
    #expect(Representation.trivial(.cyclic(5), dimension: 3).invariantDimension == 3)
    #expect(try Self.turns().invariantDimension == 0)
    let sum = try Self.turns().directSum(.regular(.cyclic(6)))
    #expect(sum.dimension == 9 && sum.invariantDimension == 1)
    // By the rank of the projection, too.
    for representation in [pixels, channels, sum] {
      let rank = LeastSquares(representation.projection, tolerance: 1e-9)?.rank
      #expect(rank == representation.invariantDimension)
    }
  }

  @Test func movesVectors() throws {
    let shifts = try Representation(.cyclic(3), places: [[0, 1, 2], [2, 0, 1], [1, 2, 0]])
    #expect(shifts(1, [5, 6, 7]) == [7, 5, 6] && shifts(2, [5, 6, 7]) == [6, 7, 5])
    let regular = Representation.regular(.dihedral(4))
    let x = (0..<8).map(Double.init)
    for g in 0..<8 {
      for h in 0..<8 {
        #expect(regular(g, regular(h, x)) == regular(regular.group.product(g, h), x))
      }
    }
  }

  @Test func noRepresentations() {
    func reason(_ make: () throws -> Representation) -> String {
      let error = #expect(throws: SymmetryError.self) { try make() }
      return error?.description ?? ""
    }
    let two = FiniteGroup.cyclic(2)
    #expect(reason { try Representation(two, matrices: [[1]]) }.contains("as many"))
    #expect(reason { try Representation(two, matrices: [[1], [1, 2]]) }.contains("one size"))
    #expect(reason { try Representation(two, matrices: [[1], [2]]) }.contains("orthogonal"))
    #expect(
      reason { try Representation(.cyclic(3), matrices: [[1], [-1], [1]]) }.contains("product"))
    #expect(reason { try Representation(two, places: [[0, 1], [0, 0]]) }.contains("once"))
    #expect(
      reason { try Representation(.cyclic(3), places: [[0, 1], [1, 0], [0, 1]]) }
        .contains("product"))
    #expect(reason { try Representation(two, places: [[0, 1]]) }.contains("as many"))
    #expect(
      reason { try Representation(of: .c4, height: 2, width: 3) }.contains("not square"))
    #expect(
      reason { try Representation.trivial(two).directSum(.trivial(.cyclic(3))) }
        .contains("one group"))
  }

  /// Q̄ is the projection on maps that commute: twice is once, and their dimension is χ.
  @Test func projectsLinearMaps() throws {
    let turns = try Self.turns()
    var random = Random(seed: 2)
    for (inputs, outputs, dimension) in [
      (turns, turns, 3), (turns, Representation.regular(.cyclic(6)), 3),
      (try Representation(of: .d4, height: 4, width: 4), .trivial(.dihedral(4)), 3),
      (
        try Representation(of: .c4, height: 4, width: 4),
        try Representation(of: .c4, height: 4, width: 4), 64
      ),
    ] {
      let projection = try LinearProjection(from: inputs, to: outputs)
      #expect(abs(projection.dimension - Double(dimension)) < 1e-9)
      let (d, k) = (inputs.dimension, outputs.dimension)
      let w = Matrix(d, k, (0..<d * k).map { _ in random.normal() })
      let once = projection(w)
      #expect((projection(once) - once).squaredNorm < 1e-20)
      #expect((once - w).squaredNorm > 0.1)
      for g in inputs.group.elements {
        let (left, right) = (inputs.matrix(g) * once, once * outputs.matrix(g))
        #expect((left - right).squaredNorm < 1e-20)
      }
    }
  }

  @Test func projectsALayer() throws {
    let (inputs, outputs) = (try Self.turns(), Representation.regular(.cyclic(6)))
    let layer = Linear(3, 6)
    var weights = ParameterStore(layer, seed: 4)
    weights[try #require(layer.bias)] = Tensor([6], [1, 2, 3, 4, 5, 6])
    func outputsOf(_ x: [Double]) -> [Double] {
      let tape = Tape(weights, .inference)
      return layer(tape.constant(Tensor([1, 3], x.map(Float.init)))).value.elements.map(Double.init)
    }
    let x = [0.5, -1, 2]
    func farthest() -> Double {
      inputs.group.elements.map { g in
        zip(outputsOf(inputs(g, x)), outputs(g, outputsOf(x))).map { abs($0 - $1) }.max() ?? 0
      }.max() ?? 0
    }
    #expect(farthest() > 0.1)
    try layer.makeEquivariant(&weights, from: inputs, to: outputs)
    #expect(farthest() < 1e-6 && outputsOf(x).contains { abs($0 - 3.5) > 1e-3 })
    let error = #expect(throws: SymmetryError.self) {
      try layer.makeEquivariant(&weights, from: outputs, to: inputs)
    }
    #expect(error?.description.contains("for a layer from 3 to 6") == true)
  }
}
