import Autodiff
import ConViT
import Foundation
import Pruning
import Testing

@testable import CLI

/// What `convit prune` reports, held against what it is made of.
@Suite struct PruneReportTests {
  private let saved: SavedModel
  private let cut: MaskMaker.Cut
  private let pool = WorkerPool(threads: 1)

  init() throws {
    var configuration = ViTConfiguration(.convit, imageSize: 8, patchSize: 4, embedDim: 8, heads: 2)
    (configuration.depth, configuration.localUpToLayer) = (2, 1)
    let model = try VisionTransformer(configuration)
    var weights = ParameterStore(model, seed: 0)
    for (slot, value) in weights.values.enumerated() {
      weights[slot: slot] = Self.waves(value.shape, slot)
    }
    saved = SavedModel(model, weights)
    let maker = try MaskMaker(
      of: saved, nil, .prunable(), for: [.random], examples: nil, on: pool)
    cut = try maker.cut(.random, .layer, seed: 1, share: 0.3)
  }

  private static func waves(_ shape: Shape, _ seed: Int) -> Tensor {
    Tensor(shape, (0..<shape.elementCount).map { sin(Float($0 * $0 % 997) + Float(seed)) })
  }

  private var report: PruneReport {
    PruneReport(saved.weights, cut, sparsity: 0.3, .random, .layer)
  }

  /// Each layer has its own gap, norms and size.
  @Test func numbersOfEachLayer() throws {
    var report = report
    let images = Self.waves(Shape([3] + saved.model.input.sizes), 9)
    let gap = OutputGap(saved.model, saved.weights, on: images, pool: pool)
    report.add(gap, cut, labels: [0, 1, 2])
    report.addBounds(of: saved.model, saved.weights, cut.masks)
    #expect(report.layers.count == 9 && report.gap?.measured == gap.measured(cut.masks))
    var pruned = saved.weights
    pruned.apply(cut.masks)
    for layer in report.layers {
      let slot = try #require(saved.weights.tree.slot(named: layer.name))
      var alone = ParameterMasks(saved.weights.tree)
      alone[slot: slot] = cut.masks[slot: slot]
      #expect(layer.gap == gap.predicted(alone), "\(layer.name)")
      let (whole, kept) = (saved.weights.values[slot], pruned.values[slot])
      let removed = Tensor(whole.shape, zip(whole.elements, kept.elements).map { $0 - $1 })
      for (told, tensor) in [
        (layer.norm, whole), (layer.keptNorm, kept), (layer.removedNorm, removed),
      ] {
        #expect(told == SpectralNorm.bound(of: tensor), "\(layer.name)")
      }
      func squares(_ tensor: Tensor) -> Double {
        tensor.elements.reduce(0) { $0 + Double($1) * Double($1) }
      }
      let (rows, columns) = (Double(layer.rows), Double(layer.columns))
      let predicted =
        (squares(removed) / (rows * columns)).squareRoot()
        * (rows.squareRoot() + columns.squareRoot())
      #expect(abs((layer.predictedNorm ?? 0) / predicted - 1) < 1e-12, "\(layer.name)")
      let size = (squares(removed) / squares(whole)).squareRoot()
      #expect(abs(layer.relativeSize / size - 1) < 1e-12)
    }
  }

  /// Every line, with numbers that differ from each other.
  @Test func lines() throws {
    let json = #"""
      {"method": "taylor", "scope": "global", "sparsity": 0.25, "removed_share": 0.251,
       "removed": 251, "prunable": 1000, "parameters": 1234, "heads": [1, 2],
       "hidden_units": [3, 40],
       "layers": [
         {"name": "a", "rows": 10, "columns": 4, "removed": 1, "relative_size": 0.11,
          "gap": 0.12, "predicted_norm": 1.13, "removed_norm": 1.14, "norm": 1.15,
          "kept_norm": 1.16},
         {"name": "longer", "rows": 2, "columns": 30, "removed": 30, "relative_size": 0.21}],
       "gap": {"images": 7, "predicted": 0.31, "measured": 0.32, "acc1": 33.25,
               "acc1_pruned": 34.125},
       "trials": [{"sparsity": 0.5, "predicted": 0.41, "measured": 0.42}],
       "mlp_bounds": [{"layer": 5, "input_size": 51, "gap": 52.5, "output_size": 53000}]}
      """#
    let report: PruneReport = try Workspace.decoded(Data(json.utf8))
    #expect(
      report.lines == [
        "25.1 % removed: 251 of 1000 weights, in a model of 1234 parameters",
        "heads left by block: 1 2",
        "units left by block: 3 40",
        "layer    shape  removed  ‖E‖/‖W‖  gap alone  ‖E‖₂ predicted    ‖E‖₂    ‖W‖₂    ‖V‖₂",
        "a       10 × 4    2.5 %   0.1100     0.1200          1.1300  1.1400  1.1500  1.1600",
        "longer  2 × 30   50.0 %   0.2100          –               –       –       –       –",
        "norms that no token of any image exceeds, in the units of the MLP's output:",
        "MLP           change ≤  output ≤",
        "blocks.5.mlp      52.5   5.3e+04",
        "tried sparsity 0.5000: predicted 0.4100, measured 0.4200",
        "logits change by 0.3200 of their size on 7 images; predicted 0.3100",
        "Acc@1 34.12, before 33.25",
      ])
    // Of what was not asked for there are no columns.
    #expect(
      self.report.lines[1].split(separator: " ").map(String.init) == [
        "layer", "shape", "removed", "‖E‖/‖W‖",
      ])
  }
}
