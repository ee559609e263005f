import Autodiff
import ConViT
import Foundation
import Testing

/// Non-locality of the positional attention at the convolutional start, in patches:
/// Σ_ij A_hij · ‖δ_ij‖ / N, against timm's and the closed-form values.
@Suite struct LocalityStartTests {
  struct Reference: Decodable {
    struct Case: Decodable {
      let grid: [Int]
      let heads: Int
      let locality_strength: Float
      let position_only: [Double]
    }
    let nonlocality: [Case]
  }

  @Test func matchesTimm() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: try fixture("presets.json")))
    let cases = try JSONDecoder().decode(Reference.self, from: data).nonlocality
    #expect(cases.contains { $0.grid[0] != $0.grid[1] })
    for theirs in cases {
      let ours = nonlocality(
        heads: theirs.heads, strength: theirs.locality_strength,
        PatchGrid(rows: theirs.grid[0], columns: theirs.grid[1]))
      for (a, b) in zip(ours, theirs.position_only) { #expect(abs(a - b) < 1e-5) }
    }
  }

  /// The values for 4, 9 and 16 heads on 14 × 14 patches with α = 1.
  @Test(arguments: [(4, 0.9860), (9, 1.2623), (16, 1.5616)])
  func hasTheExpectedMean(_ heads: Int, _ expected: Double) {
    let values = nonlocality(heads: heads, strength: 1, PatchGrid(rows: 14, columns: 14))
    #expect(abs(values.reduce(0, +) / Double(heads) - expected) < 5e-5)
  }

  private func nonlocality(heads: Int, strength: Float, _ grid: PatchGrid) -> [Double] {
    let gpsa = GPSA(
      dim: 4 * heads, heads: heads, grid: grid, start: .convolutional(strength: strength))
    let tape = Tape(ParameterStore(gpsa, seed: 0), .inference)
    let (map, n) = (gpsa.position(tape).value.elements, grid.count)
    let squares = grid.offsets().elements
    return (0..<heads).map { head in
      (0..<n * n).reduce(0.0) {
        $0 + Double(map[head * n * n + $1]) * Double(squares[3 * $1 + 2]).squareRoot()
      } / Double(n)
    }
  }
}
