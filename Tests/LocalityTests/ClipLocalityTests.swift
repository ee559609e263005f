import Autodiff
import ConViT
import Foundation
import Testing

@testable import Locality

@Suite struct ClipLocalityTests {
  private typealias Scheme = TimeSformerConfiguration.Scheme

  private func report(_ small: SmallClipModel, threads: Int = 1) -> ClipLocalityReport {
    let meter = ClipLocalityMeter(small.model, small.frozen)
    var statistics = meter.emptyStatistics
    let logits = meter.add(small.clips, to: &statistics, on: WorkerPool(threads: threads))
    #expect(logits.shape == [small.clips.shape[0], 4])
    return meter.report(statistics)
  }

  private static let reaches: [(Scheme?, [String])] = [
    (.space, ["frame"]), (.joint, ["clip"]), (.divided, ["time", "frame"]),
    (.localGlobal, ["window", "sparse"]), (.axial, ["time", "row", "column"]),
    (nil, ["time", "frame"]),
  ]

  private static let names = [
    "time": "temporal_attn", "row": "width_attn", "sparse": "global_attn",
  ]

  /// Place by place in double precision, over two clips.
  @Test(arguments: reaches)
  func distancesAreThoseOfEachQuery(
    scheme: TimeSformerConfiguration.Scheme?, reaches: [String]
  ) throws {
    let small = try SmallClipModel(scheme)
    let report = report(small)
    #expect(report.clips == 2 && report.frames == 3 && report.grid == [4, 3])
    #expect(report.layers.count == small.model.blocks.count)
    for layer in report.layers {
      #expect(layer.steps.map(\.reach) == reaches)
      for step in layer.steps {
        let place = "blocks.\(layer.layer).\(Self.names[step.reach] ?? "attn").map"
        let clips = try (0..<2).map { clip in
          DenseAttention(step.reach, try #require(small.map(place, of: clip)))
        }
        for head in 0..<2 {
          let found = clips.map { Expected($0.heads[head]) }
          func isMean(_ value: Double?, _ of: (Expected) -> Double) -> Bool {
            value.map { abs($0 - (of(found[0]) + of(found[1])) / 2) < 1e-5 } ?? false
          }
          func isSpread(_ value: Double?, _ of: (Expected) -> Double) -> Bool {
            // Of two numbers, the deviation is |a − b| / √2.
            value.map { abs($0 - abs(of(found[0]) - of(found[1])) / 2.0.squareRoot()) < 1e-5 }
              ?? false
          }
          let isInTime = ["time", "clip", "window", "sparse"].contains(step.reach)
          if isInTime {
            #expect(isMean(step.frameDistance?[head], \.frames))
            #expect(isSpread(step.frameDistanceSpread?[head], \.frames))
            for t in 0..<3 {
              for other in 0..<3 {
                #expect(isMean(step.profile?[head][t][other]) { $0.profile[t][other] })
              }
            }
          } else {
            #expect(step.frameDistance == nil && step.profile == nil)
          }
          if step.reach == "time" {
            #expect(step.nonlocality == nil && step.distancePixels == nil)
          } else {
            #expect(isMean(step.nonlocality?[head], \.places))
            #expect(isSpread(step.nonlocalitySpread?[head], \.places))
            #expect(isMean(step.distancePixels?[head]) { 2 * $0.places })
          }
          #expect(isMean(step.entropy[head], \.entropy))
          if let shares = step.tokenShare {
            #expect(isMean(shares[head], \.taken))
          } else {
            #expect(found.allSatisfy { abs($0.taken) < 1e-6 })
          }
        }
      }
    }
  }

  /// A head's distances over the queries of a clip, rows scaled to sum to 1.
  private struct Expected {
    var (frames, places, entropy, taken) = (0.0, 0.0, 0.0, 0.0)
    var profile = Array(repeating: Array(repeating: 0.0, count: 3), count: 3)

    init(_ rows: [Place: [Place: Double]]) {
      for (query, row) in rows {
        let sum = row.values.reduce(0, +)
        taken += (1 - sum) / Double(rows.count)
        for (key, value) in row {
          let share = value / sum / Double(rows.count)
          let (r, c) = (Double(query.r - key.r), Double(query.c - key.c))
          frames += share * Double(abs(query.t - key.t))
          places += share * (r * r + c * c).squareRoot()
          if value > 0 { entropy -= share * log(value / sum) }
          profile[query.t][key.t] += 3 * share  // a third of the queries is in each frame
        }
      }
    }
  }

  /// Without queries and keys all patches are looked at alike: (T² − 1)/3T frames away, and in
  /// space Σ ‖δ‖ / n² of a group.
  @Test(arguments: reaches)
  func uniformAttention(scheme: TimeSformerConfiguration.Scheme?, reaches: [String]) throws {
    let small = try SmallClipModel(scheme)
    guard scheme != .localGlobal else {  // windows are not all patches
      #expect(
        report(small).layers[0].steps.allSatisfy {
          $0.uniformFrameDistance == nil && $0.uniformNonlocality == nil
        })
      return
    }
    guard scheme != nil else { return }
    var weights = small.weights
    for (slot, name) in weights.tree.names.enumerated() where name.contains("attn.qkv.weight") {
      weights[slot: slot] = Tensor(repeating: 0, weights[slot: slot].shape)
    }
    for (slot, name) in weights.tree.names.enumerated() where name.contains("attn.qkv.bias") {
      weights[slot: slot] = Tensor(repeating: 0, weights[slot: slot].shape)
    }
    let meter = ClipLocalityMeter(small.model, FrozenWeights(weights))
    var statistics = meter.emptyStatistics
    meter.add(small.clips, to: &statistics, on: WorkerPool(threads: 1))
    let report = meter.report(statistics)
    let expected: [String: (Double, Double)] = [
      "frame": (small.grid.uniformNonlocality, 12.0), "clip": (small.grid.uniformNonlocality, 36),
      "row": (8.0 / 9, 3), "column": (15.0 / 12, 4), "time": (0, 3),
    ]
    for step in report.layers.flatMap(\.steps) {
      let (distance, keys) = try #require(expected[step.reach])
      let isInTime = step.reach == "time" || step.reach == "clip"
      #expect(step.uniformFrameDistance == (isInTime ? 8.0 / 9 : nil))
      #expect((step.uniformNonlocality == nil) == (step.reach == "time"))
      if let uniform = step.uniformNonlocality { #expect(abs(uniform - distance) < 1e-12) }
      for head in 0..<2 {
        if let frames = step.frameDistance { #expect(abs(frames[head] - 8.0 / 9) < 1e-6) }
        if let places = step.nonlocality { #expect(abs(places[head] - distance) < 1e-5) }
        #expect(abs(step.entropy[head] - log(keys)) < 1e-5)
        if step.reach == "time" {
          #expect(step.tokenShare == nil)
        } else {
          #expect(abs((step.tokenShare?[head] ?? 0) - 1 / (keys + 1)) < 1e-6)
        }
        for share in (step.profile?[head] ?? []).joined() { #expect(abs(share - 1.0 / 3) < 1e-6) }
      }
    }
  }

  @Test func threadsAndBatchesChangeNothing() throws {
    let small = try SmallClipModel(.divided, clips: 9)
    let one = report(small)
    #expect(one == report(small, threads: 3))
    let meter = ClipLocalityMeter(small.model, small.frozen)
    var statistics = meter.emptyStatistics
    for range in [0..<4, 4..<9] {
      meter.add(small.clips.sliced(0, range), to: &statistics, on: WorkerPool(threads: 2))
    }
    let parts = meter.report(statistics)
    #expect(parts.clips == 9)
    for (a, b) in zip(one.layers[1].steps, parts.layers[1].steps) {
      for (x, y) in zip(a.entropy, b.entropy) { #expect(abs(x - y) < 1e-6) }
    }
  }

  @Test func theTableHasALineForEachHead() throws {
    let report = report(try SmallClipModel(nil))
    let lines = report.csv.split(separator: "\n")
    #expect(lines.count == 1 + 3 * 2 * 2)
    #expect(lines[1].hasPrefix("0,time,0,mhsa,") && lines[3].hasPrefix("0,frame,0,gpsa,,,"))
    #expect(
      lines.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == 12 })
    let gates = try #require(report.layers[0].steps[1].gate)
    #expect(lines[3].hasSuffix(",\(gates[0])"))
  }
}
