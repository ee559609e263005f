import Foundation
import Symmetry

/// The gap of linear models by the number of examples, with its pole at n = d, and estimates.
package struct LinearGapFigure {
  private let report: LinearGapReport
  private let gap: (_ n: Int) -> Double

  /// - Parameter gap: the closed form by the number of examples.
  package init(_ report: LinearGapReport, gap: @escaping (_ n: Int) -> Double) {
    (self.report, self.gap) = (report, gap)
  }

  package var svg: String {
    let closed = LineStyle(color: LineColors.light.distinct[0])
    let drawn = LineStyle(color: LineColors.light.distinct[1], dash: "3 2")
    func logarithm(_ value: Double?) -> Double? {
      value.flatMap { $0 > 0 && $0.isFinite ? log10($0) : nil }
    }
    let curve = sizes.map { (x: Double($0), y: logarithm(gap($0))) }
    guard curve.contains(where: { $0.y != nil }) else { return note("Averaging gains nothing.") }
    var lines = [LineChart.Line(name: "closed form", style: closed, points: curve)]
    // Each estimate is a line of one point, which is drawn as a circle.
    lines += report.rows.filter { $0.error != nil && logarithm($0.gap) != nil }.map {
      LineChart.Line(
        name: "Monte Carlo", style: drawn, points: [(Double($0.n), logarithm($0.estimate))])
    }
    let chart = LineChart(
      title: title, xLabel: "examples", yLabel: "log₁₀ of the fall of the risk", lines: lines)
    let legend =
      [("closed form", closed)]
      + (lines.count > 1 ? [("Monte Carlo, \(report.draws) fits", drawn)] : [])
    return ChartGrid(
      groups: [[chart]], columns: 1, legend: Legend(entries: legend.map { (name: $0, style: $1) })
    )
    .svg(title: Self.name)
  }

  private static let name = "What averaging gains for linear models"
  private var title: String {
    "\(report.group), \(report.d) inputs, \(report.answers) answers"
  }

  /// The numbers of examples that the curve goes through, a few hundred: more of them up to 4d,
  /// and all beside the pole.
  private var sizes: [Int] {
    let (d, most) = (report.d, max(4 * report.d, report.rows.map(\.n).max() ?? 0))
    func some(_ range: ClosedRange<Int>) -> [Int] {
      let step = (range.count + 149) / 150
      return Array(stride(from: range.lowerBound, to: range.upperBound, by: step))
    }
    let pole = (d - 3...d + 3).filter { $0 > 0 }
    return Set(some(1...4 * d) + some(4 * d...most) + pole + [4 * d, most]).sorted()
  }

  /// A figure of words.
  private func note(_ text: String) -> String {
    var svg = SVG()
    (svg.width, svg.height) = (max(300, SVG.width(of: title, size: 11) + 40), 64)
    svg.text(title, svg.width / 2, 24, anchor: .middle, isBold: true)
    svg.text(text, svg.width / 2, 46, anchor: .middle)
    return svg.text(title: Self.name)
  }
}
