import Foundation
import Symmetry

/// The gap of linear models by the number of examples, with its pole at n = d, and estimates.
package struct LinearGapFigure {
  private let report: LinearGapReport
  private let curve: [(n: Int, gap: Double)]

  /// - Parameter curve: the closed form for every number of examples.
  package init(_ report: LinearGapReport, curve: [(n: Int, gap: Double)]) {
    (self.report, self.curve) = (report, curve)
  }

  package var svg: String {
    let closed = LineStyle(color: LineColors.light.distinct[0])
    let drawn = LineStyle(color: LineColors.light.distinct[1], dash: "3 2")
    func logarithm(_ value: Double?) -> Double? {
      value.flatMap { $0 > 0 && $0.isFinite ? log10($0) : nil }
    }
    var lines = [
      LineChart.Line(
        name: "closed form", style: closed,
        points: curve.map { (Double($0.n), logarithm($0.gap)) })
    ]
    // Each estimate is a line of one point, which is drawn as a circle.
    lines += report.rows.filter { $0.estimate != nil && $0.gap != nil }.map {
      LineChart.Line(
        name: "Monte Carlo", style: drawn, points: [(Double($0.n), logarithm($0.estimate))])
    }
    let chart = LineChart(
      title: "\(report.group), \(report.d) inputs, \(report.answers) answers", xLabel: "examples",
      yLabel: "log₁₀ of the fall of the risk", lines: lines)
    let legend =
      [("closed form", closed)]
      + (lines.count > 1 ? [("Monte Carlo, \(report.draws) fits", drawn)] : [])
    return ChartGrid(rows: [[chart]], legend: Legend(entries: legend.map { (name: $0, style: $1) }))
      .svg(title: "What averaging gains for linear models")
  }
}
