import Autodiff
import ConViT
import Testing

@testable import Locality

@Suite struct ClipAttentionTests {
  private static let steps: [(TimeSformerConfiguration.Scheme, [(String, String)])] = [
    (.space, [("frame", "attn")]), (.joint, [("clip", "attn")]),
    (.divided, [("time", "temporal_attn"), ("frame", "attn")]),
    (.localGlobal, [("window", "attn"), ("sparse", "global_attn")]),
    (.axial, [("time", "temporal_attn"), ("row", "width_attn"), ("column", "attn")]),
  ]

  private func difference(_ found: [Float], _ expected: [Double]) -> Double {
    found.count == expected.count
      ? zip(found, expected).map { abs(Double($0) - $1) }.max() ?? 1 : .infinity
  }

  /// The dense maps of a layer's steps.
  private func dense(
    _ small: SmallClipModel, _ steps: [(String, String)], layer: Int
  ) throws -> [DenseAttention] {
    try steps.map { reach, name in
      DenseAttention(
        reach, try #require(small.map("blocks.\(layer).\(name).map", of: 0)))
    }
  }

  @Test(arguments: steps)
  func rowsAreThoseOfTheMaps(
    scheme: TimeSformerConfiguration.Scheme, steps: [(String, String)]
  ) throws {
    let small = try SmallClipModel(scheme)
    let query = Place(t: 1, r: 2, c: 1)
    let found = ClipAttention(
      small.model, small.frozen, clip: small.clip(0),
      query: .patch(frame: query.t, row: query.r, column: query.c), layers: [1, 0])
    #expect(found.layers.map(\.layer) == [0, 1] && found.frames == 3 && found.grid == small.grid)
    for layer in found.layers {
      let dense = try dense(small, steps, layer: layer.layer)
      #expect(layer.steps.map(\.reach.rawValue) == steps.map(\.0))
      for (step, maps) in zip(layer.steps, dense) {
        #expect(step.heads.count == 2 && step.gates == nil)
        for (head, row) in step.heads.enumerated() {
          #expect(difference(row, Place.all.map { maps.heads[head][query]?[$0] ?? 0 }) == 0)
          #expect(row.reduce(0, +) > 0.2)
        }
      }
    }
  }

  /// Σ over the ways from step to step, the last one first.
  @Test(arguments: steps)
  func whatReachesAQueryIsTheProduct(
    scheme: TimeSformerConfiguration.Scheme, steps: [(String, String)]
  ) throws {
    let small = try SmallClipModel(scheme)
    let query = Place(t: 2, r: 0, c: 2)
    let layer = ClipAttention(
      small.model, small.frozen, clip: small.clip(0),
      query: .patch(frame: query.t, row: query.r, column: query.c), layers: [1]
    ).layers[0]
    var shares = [query: 1.0]
    for maps in try dense(small, steps, layer: 1).reversed() {
      var before: [Place: Double] = [:]
      for (place, share) in shares {
        for key in Place.all { before[key, default: 0] += share * maps.mean(place, key) }
      }
      shares = before
    }
    #expect(difference(layer.reach, Place.all.map { shares[$0] ?? 0 }) < 1e-6)
  }

  /// Of `divided`, place by place: S(t, p → p′) · A(p′, t → t′).
  @Test func whatReachesAQueryOfDividedAttention() throws {
    let small = try SmallClipModel(.divided)
    let query = Place(t: 0, r: 3, c: 1)
    let layer = ClipAttention(
      small.model, small.frozen, clip: small.clip(0),
      query: .patch(frame: 0, row: 3, column: 1), layers: [0]
    ).layers[0]
    let maps = try dense(small, [("time", "temporal_attn"), ("frame", "attn")], layer: 0)
    let expected = Place.all.map { key in
      let own = Place(t: query.t, r: key.r, c: key.c)
      return maps[1].mean(query, own) * maps[0].mean(own, key)
    }
    #expect(difference(layer.reach, expected) < 1e-6)
  }

  @Test(arguments: steps)
  func theClassTokenAsks(
    scheme: TimeSformerConfiguration.Scheme, steps: [(String, String)]
  ) throws {
    let small = try SmallClipModel(scheme)
    let layer = ClipAttention(
      small.model, small.frozen, clip: small.clip(0), query: .classToken, layers: [1]
    ).layers[0]
    let dense = try dense(small, steps, layer: 1)
    let seen = zip(steps, dense).filter { $0.0.0 != "time" }
    #expect(layer.steps.map(\.reach.rawValue) == seen.map(\.0.0))
    for (step, maps) in zip(layer.steps, seen.map(\.1)) {
      for (head, row) in step.heads.enumerated() {
        #expect(difference(row, Place.all.map { maps.token[head][$0] ?? 0 }) < 1e-6)
      }
    }
    guard scheme == .divided else { return }
    let expected = Place.all.map { key in
      (0..<3).reduce(0.0) { sum, t in
        let own = Place(t: t, r: key.r, c: key.c)
        let given = maps(dense[1], own)
        return sum + given * dense[0].mean(own, key)
      }
    }
    #expect(difference(layer.reach, expected) < 1e-6)
  }

  private func maps(_ dense: DenseAttention, _ key: Place) -> Double {
    dense.token.reduce(0) { $0 + ($1[key] ?? 0) } / Double(dense.token.count)
  }

  /// GPSA within the frames has gates and no class token; attention in time has none of both.
  @Test func aConViTOfClips() throws {
    let small = try SmallClipModel(nil)
    let found = ClipAttention(
      small.model, small.frozen, clip: small.clip(1),
      query: .patch(frame: 0, row: 0, column: 0), layers: [0, 1, 2])
    for layer in found.layers {
      #expect(layer.steps.map(\.reach) == [.time, .frame])
      #expect(layer.steps[0].gates == nil)
      #expect((layer.steps[1].gates?.count == 2) == (layer.layer < 2))
      let sum = layer.steps[1].heads[0].reduce(0, +)
      #expect(layer.layer < 2 ? abs(sum - 1) < 1e-5 : sum < 0.999)
    }
  }
}
