import Autodiff
import ConViT
import Foundation
import Pruning

/// What `convit prune` says: as JSON, or in lines.
struct PruneReport: Codable {
  struct Layer: Codable {
    let name: String
    let rows, columns, removed: Int
    /// ‖E‖ / ‖W‖, known before anything is pruned.
    let relativeSize: Double
    /// The gap of this layer's part alone, by its derivative.
    var gap: Double?
    /// ‖E‖₂ as of independent weights, and a bound of it; and bounds of ‖W‖₂ and ‖V‖₂.
    var predictedNorm, removedNorm, norm, keptNorm: Double?
  }

  struct Gap: Codable {
    let images: Int
    let predicted, measured: Double
    /// In percent, on these images: before and after.
    let acc1, acc1Pruned: Double
  }

  let method, scope: String
  /// The share that was asked for or found, and that of the weights that may go.
  let sparsity, removedShare: Double
  let removed, prunable, parameters: Int
  /// Those in the file that was written.
  var parametersWritten: Int?
  /// Of each block, if these were removed as a whole.
  let heads, hiddenUnits: [Int]?
  var layers: [Layer]
  var gap: Gap?
  var trials: [GapPlan.Trial]?
  var mlpBounds: [MLPBound]?

  init(
    _ weights: ParameterStore, _ cut: MaskMaker.Cut, sparsity: Double,
    _ method: PruningMethod, _ scope: PruningRule.Scope
  ) {
    (self.method, self.scope, self.sparsity) = (method.rawValue, scope.rawValue, sparsity)
    let parts = RemovedPart.parts(of: weights, by: cut.masks)
    layers = parts.map {
      Layer(
        name: $0.name, rows: $0.rows, columns: $0.columns, removed: $0.removed,
        relativeSize: $0.relativeSize)
    }
    (removed, prunable) = cut.removed
    removedShare = cut.removedShare
    parameters = weights.tree.elementCount
    heads = cut.parts?.heads.map(\.count)
    hiddenUnits = cut.parts?.units.map(\.count)
  }

  mutating func add(_ gap: OutputGap, _ cut: MaskMaker.Cut, labels: [Int]) {
    let outcome = gap.outcome(cut.gates, labels: labels)
    self.gap = Gap(
      images: labels.count, predicted: gap.predicted(cut.gates), measured: outcome.measured,
      acc1: 100 * gap.accuracy(labels, ParameterMasks(cut.masks.tree)),
      acc1Pruned: 100 * outcome.accuracy)
    var terminal = Terminal()
    let gaps = gap.predictedByLayer(cut.masks) { [layers] in
      terminal.progress("predicted \($0)/\(layers.count) layers")
    }
    terminal.clear()
    for (place, layer) in gaps.enumerated() { layers[place].gap = layer.gap }
  }

  mutating func addBounds(
    of model: any Model, _ weights: ParameterStore, _ masks: ParameterMasks
  ) {
    var pruned = weights
    pruned.apply(masks)
    for (place, part) in RemovedPart.parts(of: weights, by: masks).enumerated() {
      layers[place].predictedNorm = part.predictedNorm
      layers[place].removedNorm = part.norm(in: weights, minus: pruned)
      layers[place].norm = weights[part.name].map(SpectralNorm.bound)
      layers[place].keptNorm = pruned[part.name].map(SpectralNorm.bound)
    }
    mlpBounds = MLPBound.bounds(of: model, weights, by: masks)
  }
}

extension PruneReport {
  /// The same to be read.
  var lines: [String] {
    var lines = [
      String(format: "%.1f %% removed: ", 100 * removedShare)
        + "\(removed) of \(prunable) weights, in a model of \(parameters) parameters"
    ]
    if let heads, let hiddenUnits {
      lines.append("heads left by block: " + heads.map(String.init).joined(separator: " "))
      lines.append("units left by block: " + hiddenUnits.map(String.init).joined(separator: " "))
    }
    lines += aligned([columns.map(\.title)] + rows, texts: [0])
    if let mlpBounds {
      lines.append("norms that no token of any image exceeds, in the units of the MLP's output:")
      lines += aligned(
        [["MLP", "change ≤", "output ≤"]]
          + mlpBounds.map {
            [
              "blocks.\($0.layer).mlp", String(format: "%.4g", $0.gap),
              String(format: "%.4g", $0.outputSize),
            ]
          }, texts: [0])
    }
    for trial in trials ?? [] {
      lines.append(
        String(
          format: "tried sparsity %.4f: predicted %.4f, measured %.4f", trial.sparsity,
          trial.predicted, trial.measured))
    }
    if let gap {
      lines.append(
        String(
          format: "logits change by %.4f of their size on %d images; predicted %.4f",
          gap.measured, gap.images, gap.predicted))
      lines.append(String(format: "Acc@1 %.2f, before %.2f", gap.acc1Pruned, gap.acc1))
    }
    return lines
  }

  private var rows: [[String]] { layers.map { layer in columns.map { $0.text(layer) } } }

  private var columns: [(title: String, text: (Layer) -> String)] {
    func number(_ value: Double?) -> String { value.map { String(format: "%.4f", $0) } ?? "–" }
    var columns: [(title: String, text: (Layer) -> String)] = [
      ("layer", { $0.name }), ("shape", { "\($0.rows) × \($0.columns)" }),
      (
        "removed",
        { String(format: "%.1f %%", 100 * Double($0.removed) / Double($0.rows * $0.columns)) }
      ), ("‖E‖/‖W‖", { number($0.relativeSize) }),
    ]
    if gap != nil { columns.append(("gap alone", { number($0.gap) })) }
    if mlpBounds != nil {
      columns += [
        ("‖E‖₂ predicted", { number($0.predictedNorm) }), ("‖E‖₂", { number($0.removedNorm) }),
        ("‖W‖₂", { number($0.norm) }), ("‖V‖₂", { number($0.keptNorm) }),
      ]
    }
    return columns
  }
}
