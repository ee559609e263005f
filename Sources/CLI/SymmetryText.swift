import Foundation
import Images
import Symmetry

/// The tables of `convit symmetry`.
struct SymmetryText {
  let report: SymmetryReport
  /// Whether there is a table of gains by class.
  var perClass = false

  /// Classes that are shown one by one.
  private static let mostClasses = 20

  var lines: [String] {
    groupLines + (perClass ? [""] + classLines : [])
      + (report.layers.map { [""] + layerLines($0) } ?? []) + LieText(report: report).lines
  }

  private var groupLines: [String] {
    let isLabelled = report.groups.allSatisfy { $0.labelled != nil }
    let head = "group     passes  gain             agree"
    let labelled = "  realised           bias     acc@1          loss"
    return [head + (isLabelled ? labelled : "")]
      + report.groups.map { row($0) + ($0.labelled.map(row) ?? "") }
  }

  private func row(_ group: SymmetryReport.Group) -> String {
    group.name.padded(to: 13) + String(format: "%3d  %.4f ± ", group.passes, group.gain)
      + error(group.gainError) + String(format: " %5.1f %%", 100 * group.agreement)
  }

  private func row(_ labelled: SymmetryReport.Labelled) -> String {
    String(format: "  %7.4f ± ", labelled.realisedGain) + error(labelled.realisedError)
      + String(
        format: " %7.4f  %5.2f → %5.2f  %.3f → %.3f", labelled.bias, labelled.accuracy,
        labelled.averagedAccuracy, labelled.loss, labelled.averagedLoss)
  }

  private func error(_ error: Double?) -> String {
    (error.map { String(format: "%.4f", $0) } ?? "–").aligned(to: 6)
  }

  /// A row for each class and a column for each group, with the largest gain of the largest group
  /// first.
  private var classLines: [String] {
    let gains = report.gainsByClass
    let isShort = gains.count <= Self.mostClasses
    let title =
      isShort ? "gain by class" : "gain by class, the largest \(Self.mostClasses) of \(gains.count)"
    let rows = gains.prefix(Self.mostClasses).map { item in
      [Terminal.fitted(ClassNames.shown(item.name), 14)]
        + item.gains.map { String(format: "%.4f", $0) }
    }
    return [title] + aligned([["class"] + report.groups.map(\.name)] + rows, texts: [0])
  }

  private func layerLines(_ layers: [LayerSymmetry.Layer]) -> [String] {
    [
      "layers, averaged over \(report.layersGroup ?? "–")",
      "layer  kind  error   by itself  gate",
    ]
      + layers.map { layer in
        String(format: "%5d  ", layer.layer) + layer.kind.padded(to: 5)
          + String(format: " %.4f  %.4f     ", layer.error, layer.ownError)
          + (layer.gate.map { String(format: "%.2f", $0) } ?? "–")
      }
  }
}
