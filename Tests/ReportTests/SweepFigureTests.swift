import Foundation
import Testing

@testable import Report
@testable import Symmetry

@Suite struct SweepFigureTests {
  private func figure(turns: Double?) -> String {
    func layer(_ layer: Int, _ error: Double) -> SweepReport.Layer {
      SweepReport.Layer(
        layer: layer, shifts: error, turns: turns, byDistance: [1, error / 2], translation: error)
    }
    return SweepFigure(
      SweepReport(
        shifts: "cyclic:4", boundary: .cyclic,
        points: [0, 0.5, 1].map { gate in
          SweepReport.Point(gate: gate, logits: 1, layers: [layer(2, gate), layer(5, 1 - gate)])
        })
    ).svg
  }

  /// A path a layer in each of four charts, over an axis from 0 to 1, in the layer's colour.
  @Test func drawsLines() {
    let svg = figure(turns: 0.5)
    for part in ["cyclic:4, own error", "away from the border", "d4, own error", "by pixel"] {
      #expect(svg.contains(part), "\(part)")
    }
    func colors(_ name: String) -> [String] {
      svg.split(separator: "\n").filter { $0.contains("<path") && $0.contains(name) }
        .compactMap { $0.firstMatch(of: /stroke="(#[0-9a-f]+)"/).map { String($0.1) } }
    }
    for layer in ["layer 2", "layer 5"] {
      #expect(colors(layer).count == 4 && Set(colors(layer)).count == 1, "\(layer)")
    }
    #expect(colors("layer 2")[0] != colors("layer 5")[0])
    #expect(svg.matches(of: />0\.[2468]</).count >= 32 && !svg.contains(">0.5<"))
  }

  @Test func leavesOutWhatWasNotMeasured() {
    #expect(!figure(turns: nil).contains("d4"))
  }
}
