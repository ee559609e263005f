import Foundation
import Symmetry

/// The tables of `convit symmetry --lie` and `--gate-sweep`.
struct LieText {
  let report: SymmetryReport

  var lines: [String] {
    (report.lie.map { $0.motions.flatMap { [""] + lines($0) } } ?? [])
      + (report.gateSweep.map { [""] + lines($0) } ?? [])
  }

  private func lines(_ motion: LieReport.Motion) -> [String] {
    [
      "\(motion.name.rawValue), Lie derivative by \(motion.unit): logits \(number(motion.logits)), "
        + "stem \(number(motion.stem))",
      "layer  kind  patches  tokens  by itself  gate",
    ]
      + motion.layers.map(row)
  }

  private func row(_ layer: LieReport.Layer) -> String {
    let errors = [(layer.patches, 8), (layer.tokens, 8), (layer.own, 11)]
    return String(format: "%5d  ", layer.layer) + layer.kind.padded(to: 5)
      + errors.map { number($0.0).aligned(to: $0.1) }.joined() + "  "
      + (layer.gate.map { String(format: "%.2f", $0) } ?? "–")
  }

  private func lines(_ sweep: SweepReport) -> [String] {
    let head = ["gate", "layer", sweep.shifts, "border", "inside", "d4", "translation", "logits"]
    let rows = sweep.points.flatMap { point in
      point.layers.enumerated().map { place, layer in
        row(layer, gate: point.gate) + [place == 0 ? number(point.logits) : ""]
      }
    }
    return [
      "gates set, each layer by itself: errors of shifts by 1/K of the image, of a patch's shift",
      "on and off the border and of d4; Lie derivatives for translation, by pixel, border "
        + "\(sweep.boundary.rawValue)",
    ] + aligned([head] + rows)
  }

  private func row(_ layer: SweepReport.Layer, gate: Double) -> [String] {
    let errors: [Double?] = [
      layer.shifts, layer.byDistance.first, layer.byDistance.last, layer.turns, layer.translation,
    ]
    return [String(format: "%.1f", gate), "\(layer.layer)"] + errors.map(number)
  }

  private func number(_ value: Double?) -> String {
    value.map { String(format: "%.4f", $0) } ?? "–"
  }
}
