import Autodiff
import Testing

@testable import Report
@testable import Symmetry

@Suite struct SymmetryFigureTests {
  /// Standard errors are lines across the ends of the bars, as long as twice the error.
  @Test func drawsErrors() throws {
    var statistics = OrbitStatistics(.horizontalFlip, subgroups: [.horizontalFlip])
    statistics.add([[0.75, 0.25], [0.25, 0.75]], label: 1)
    statistics.add([[0.5, 0.5], [0.5, 0.5]], label: 0)
    statistics.add([[0.9, 0.1], [0.5, 0.5]], label: 0)
    let report = SymmetryReport(statistics, [.horizontalFlip]) { "class \($0)" }
    let group = report.groups[0]
    let errors = [try #require(group.gainError), try #require(group.labelled?.realisedError)]
    let svg = SymmetryFigure(report).svg
    let lines = svg.matches(of: #/data-series="hflip ± [^"]*" d="M([\d.]+) [\d.]+L([\d.]+) /#)
    let lengths = lines.map { (Double($0.2) ?? 0) - (Double($0.1) ?? 0) }
    #expect(lengths.count == 2)
    // Both at one scale.
    #expect(abs(lengths[0] / lengths[1] - errors[0] / errors[1]) < 1e-3)
    let bars = svg.matches(of: #/<rect x="[\d.]+" y="[\d.]+" width="([\d.]+)" height="11"/#)
      .map { Double($0.1) ?? 0 }
    #expect(bars.count == 2)
    #expect(abs(lengths[0] / bars[0] - 2 * errors[0] / group.gain) < 1e-3)
  }
}
