import Symmetry

/// How the equivariance of a model's gated layers follows the gate, a line a layer.
package struct SweepFigure {
  private let report: SweepReport

  package init(_ report: SweepReport) { self.report = report }

  package var svg: String {
    let charts = [
      chart("\(report.shifts), own error", "error") { $0.shifts },
      chart("shift by a patch, away from the border", "error") { $0.byDistance.last },
      chart("d4, own error", "error") { $0.turns },
      chart("translation, Lie derivative", "error by pixel") { $0.translation },
    ].filter { $0.lines.contains { !$0.parts.isEmpty } }
    let legend = Legend(entries: layers.map { (name($0), style($0)) })
    var grid = ChartGrid(
      groups: [charts], columns: 2, legend: legend, natural: 0...Double.infinity)
    grid.x = Axis([0, 1], length: grid.width)
    return grid.svg(title: "Equivariance of gated layers by the gate")
  }

  private var layers: Range<Int> { report.points.first?.layers.indices ?? 0..<0 }

  private func name(_ place: Int) -> String { "layer \(report.points[0].layers[place].layer)" }

  private func style(_ place: Int) -> LineStyle {
    LineStyle(color: LineColors.light.ordered(place, of: layers.count))
  }

  private func chart(
    _ title: String, _ label: String, _ value: (SweepReport.Layer) -> Double?
  ) -> LineChart {
    LineChart(
      title: title, xLabel: "gate σ(λ)", yLabel: label,
      lines: layers.map { place in
        LineChart.Line(
          name: name(place), style: style(place),
          points: report.points.map { ($0.gate, value($0.layers[place])) })
      })
  }
}
