/// Accuracies of models against what they cost, with the Pareto front as a line.
package struct FrontFigure {
  package typealias Point = (cost: Double, accuracy: Double)
  private let cost: String
  private let (points, front): ([Point], [Point])

  /// - Parameter front: those of the points that are on the front, the cheapest first.
  package init(cost: String, points: [Point], front: [Point]) {
    (self.cost, self.points, self.front) = (cost, points, front)
  }

  package var svg: String {
    let trained = LineStyle(color: LineColors.light.distinct[0])
    let joined = LineStyle(color: LineColors.light.distinct[1])
    // Each point is a line of one, which is drawn as a circle.
    let dots = points.map {
      LineChart.Line(name: "trained", style: trained, points: [($0.cost, $0.accuracy)])
    }
    let line = LineChart.Line(
      name: "front", style: joined, points: front.map { ($0.cost, $0.accuracy) })
    let chart = LineChart(xLabel: cost, yLabel: "accuracy, %", lines: dots + [line])
    let legend = Legend(entries: [(name: "trained", style: trained), ("Pareto front", joined)])
    var grid = ChartGrid(groups: [[chart]], columns: 1, legend: legend, natural: 0...100)
    grid.x = Axis(chart.xs, length: grid.width, within: 0...Double.infinity)
    return grid.svg(title: "Accuracy by \(cost)")
  }
}
