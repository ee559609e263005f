import Autodiff
import ConViT
import Testing

@testable import Locality

/// A clip's maps over its frames beside each other.
@Suite struct ClipStripTests {
  private func attention(_ query: ClipQuery) throws -> ClipAttention {
    let small = try SmallClipModel(.divided)
    return ClipAttention(
      small.model, small.frozen, clip: small.clip(0), query: query, layers: [0, 1])
  }

  @Test func framesLieBesideEachOther() throws {
    let found = try attention(.patch(frame: 2, row: 1, column: 0))
    let strip = found.strip
    #expect(strip.frames == 3 && strip.grid == PatchGrid(rows: 4, columns: 9))
    #expect(strip.query == .patch(row: 1, column: 6))
    #expect(strip.layers.map(\.layer) == [0, 0, 1, 1])
    #expect(strip.layers.map(\.step) == ["time", "frame", "time", "frame"])
    for (index, layer) in strip.layers.enumerated() {
      let step = found.layers[index / 2].steps[index % 2]
      for head in 0..<2 {
        for (place, at) in Place.all.enumerated() {
          #expect(layer.heads[head][at.r * 9 + at.t * 3 + at.c] == step.heads[head][place])
        }
      }
    }
  }

  @Test func theMeanAndWhatReachesTheQuery() throws {
    let found = try attention(.patch(frame: 0, row: 0, column: 0))
    let layers = found.strip.layers
    #expect(
      layers.map { $0.others.map(\.name) } == [
        ["mean"], ["mean", "reach"], ["mean"], ["mean", "reach"],
      ])
    for (place, at) in Place.all.enumerated() {
      let beside = at.r * 9 + at.t * 3 + at.c
      let heads = found.layers[1].steps[1].heads
      #expect(layers[3].others[0].values[beside] == (heads[0][place] + heads[1][place]) / 2)
      #expect(layers[3].others[1].values[beside] == found.layers[1].reach[place])
    }
    #expect(layers[0].rollout == nil)
  }

  /// It has no part in attention in time, and is told from a query of a model of one step.
  @Test func theClassToken() throws {
    let strip = try attention(.classToken).strip
    #expect(strip.query == .classToken && strip.layers.map(\.step) == ["frame", "frame"])
    #expect(strip.layers[1].others.map(\.name) == ["mean", "reach"])
    let joint = try SmallClipModel(.joint)
    let one = ClipAttention(
      joint.model, joint.frozen, clip: joint.clip(0), query: .classToken, layers: [1]
    ).strip
    #expect(one.layers[0].step == nil && one.layers[0].others.map(\.name) == ["mean"])
  }
}
