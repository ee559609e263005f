import Autodiff
import ConViT
import Foundation
import Testing

@testable import Pruning

@Suite struct PruningSweepTests {
  @Test func choices() {
    let all = PruningSweep.choices(methods: ["magnitude", "random"], seeds: 3, from: 7)
    #expect(all.count == 11 * 2 * 4 && Set(all).count == all.count)
    #expect(all.filter { $0.method == "magnitude" }.allSatisfy { $0.seed == nil })
    #expect(Set(all.compactMap(\.seed)) == [7, 8, 9])
    #expect(Set(all.map(\.sparsity)) == Set(PruningSweep.sparsities))
  }

  /// What a trial says is what gaps say by themselves; a curve has means, and their errors.
  @Test func curves() throws {
    var c = ViTConfiguration(.vit, imageSize: 8, patchSize: 4, embedDim: 8, heads: 2)
    (c.depth, c.classes) = (2, 3)
    let model = try VisionTransformer(c)
    let (weights, images) = (ParameterStore(model, seed: 1), Tensor.normal([9, 3, 8, 8], seed: 5))
    let labels = [0, 1, 2, 0, 1, 2, 0, 1, 2]
    let gap = OutputGap(model, weights, on: images, pool: WorkerPool(threads: 1))
    let nothing = ParameterMasks(weights.tree)
    var sweep = PruningSweep(
      .init(
        weights: "w", structured: nil, dataPath: "d", split: "val", seed: 0, gap, labels: labels,
        nothing))
    #expect(sweep.origin.images == 9 && sweep.origin.acc1 == 100 * gap.accuracy(labels, nothing))
    for choice in PruningSweep.choices(methods: ["random"], seeds: 3, from: 0)
    where [0.2, 0.9].contains(choice.sparsity) && choice.scope == .global {
      let masks = PruningRule(.random, scope: .global, seed: choice.seed ?? 9)
        .masks(of: weights, sparsity: choice.sparsity)
      let trial = PruningSweep.Trial(
        choice, removed: masks.sparsity, masks, gap, labels: labels)
      #expect(trial.predicted == gap.predicted(masks) && trial.measured == gap.measured(masks))
      #expect(trial.acc1 == 100 * gap.accuracy(labels, masks) && trial.removed == masks.sparsity)
      sweep.trials.append(trial)
    }
    let curve = try #require(sweep.curves.first)
    #expect(sweep.curves.count == 1 && curve.points.map(\.sparsity) == [0.2, 0.9])
    let (a, b, d) = (
      sweep.trials[0].measured, sweep.trials[1].measured, sweep.trials[2].measured
    )
    let mean = (a + b + d) / 3
    let squares = (a - mean) * (a - mean) + (b - mean) * (b - mean) + (d - mean) * (d - mean)
    #expect(abs(curve.points[0].measured - mean) < 1e-12)
    #expect(abs((curve.points[0].measuredError ?? 0) - (squares / 2 / 3).squareRoot()) < 1e-12)
    #expect(abs(curve.points[0].removed - 0.2) < 1e-3 && curve.points[0].acc1Error != nil)
    let accuracies = sweep.trials[..<3].map(\.acc1)
    #expect(abs(curve.points[0].acc1 - accuracies.reduce(0, +) / 3) < 1e-9)
    let predictions = sweep.trials[..<3].map(\.predicted)
    #expect(abs(curve.points[0].predicted - predictions.reduce(0, +) / 3) < 1e-12)
    // Other images are another sweep.
    let other = OutputGap(
      model, weights, on: .normal([9, 3, 8, 8], seed: 6), pool: WorkerPool(threads: 1))
    #expect(other.fingerprint != gap.fingerprint)
    // So are other weights.
    let trained = OutputGap(
      model, ParameterStore(model, seed: 2), on: images, pool: WorkerPool(threads: 1))
    #expect(trained.fingerprint != gap.fingerprint)
  }

  /// Curves are by method and by scope, with rising sparsity; a table has a line for each trial.
  @Test func whatATrialIsOf() throws {
    func trial(
      _ method: String, _ scope: String, _ sparsity: Double, _ seed: Int?, acc1: Int = 75
    ) -> String {
      """
      {"choice":{"method":"\(method)","scope":"\(scope)","sparsity":\(sparsity)
       \(seed.map { ",\"seed\":\($0)" } ?? "")},"removed":0.25,"predicted":0.5,
       "measured":\(sparsity / 2),"acc1":\(acc1)}
      """
    }
    let trials = [
      trial("magnitude", "layer", 0.8, nil), trial("magnitude", "layer", 0.2, nil),
      trial("magnitude", "global", 0.4, nil), trial("random", "global", 0.6, 3),
      trial("random", "global", 0.6, 4, acc1: 77),
    ]
    let text = """
      {"origin":{"weights":"w","images":9,"dataPath":"d","split":"val","seed":0,"acc1":90,
       "fingerprint":"f"},"trials":[\(trials.joined(separator: ","))]}
      """
    let sweep = try JSONDecoder().decode(PruningSweep.self, from: Data(text.utf8))
    let curves = sweep.curves
    #expect(curves.map(\.method) == ["magnitude", "magnitude", "random"])
    #expect(curves.map(\.scope) == [.layer, .global, .global])
    #expect(curves.map { $0.points.map(\.sparsity) } == [[0.2, 0.8], [0.4], [0.6]])
    #expect(curves[2].points[0].measuredError == 0 && curves[2].points[0].acc1Error == 1)
    #expect(curves[1].points[0].measuredError == nil && curves[1].points[0].acc1Error == nil)
    #expect(
      sweep.csv.split(separator: "\n") == [
        #""method","scope","sparsity","seed","removed","predicted","measured","acc1""#,
        #""magnitude","layer",0.8,,0.25,0.5,0.4,75.0"#,
        #""magnitude","layer",0.2,,0.25,0.5,0.1,75.0"#,
        #""magnitude","global",0.4,,0.25,0.5,0.2,75.0"#,
        #""random","global",0.6,3,0.25,0.5,0.3,75.0"#,
        #""random","global",0.6,4,0.25,0.5,0.3,77.0"#,
      ])
  }
}
