import Foundation
import Symmetry

/// The table of `convit symmetry`.
struct SymmetryText {
  let report: SymmetryReport

  var lines: [String] {
    groupLines + (report.layers.map { [""] + layerLines($0) } ?? []) + LieText(report: report).lines
  }

  private var groupLines: [String] {
    let isLabelled = report.groups.allSatisfy { $0.labelled != nil }
    let head = "group     passes  gain             agree"
    let labelled = "  realised           bias     acc@1          loss"
    return [head + (isLabelled ? labelled : "")]
      + report.groups.map { row($0) + ($0.labelled.map(row) ?? "") }
  }

  private func row(_ group: SymmetryReport.Group) -> String {
    group.name.padded(to: 13)
      + String(
        format: "%3d  %.4f ± %.4f %5.1f %%", group.passes, group.gain, group.gainError,
        100 * group.agreement)
  }

  private func row(_ labelled: SymmetryReport.Labelled) -> String {
    String(
      format: "  %7.4f ± %.4f %7.4f  %5.2f → %5.2f  %.3f → %.3f", labelled.realisedGain,
      labelled.realisedError, labelled.bias, labelled.accuracy, labelled.averagedAccuracy,
      labelled.loss, labelled.averagedLoss)
  }

  private func layerLines(_ layers: [LayerSymmetry.Layer]) -> [String] {
    ["layer  kind  error   by itself  gate"]
      + layers.map { layer in
        String(format: "%5d  ", layer.layer) + layer.kind.padded(to: 5)
          + String(format: " %.4f  %.4f     ", layer.error, layer.ownError)
          + (layer.gate.map { String(format: "%.2f", $0) } ?? "–")
      }
  }
}
