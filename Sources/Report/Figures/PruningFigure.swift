import Pruning

/// Gaps or accuracies of a model by how much is gone, a line a method, a chart a scope.
package struct PruningFigure {
  private let sweep: PruningSweep

  package init(_ sweep: PruningSweep) { self.sweep = sweep }

  /// Measured gaps as lines, predicted ones as dashes.
  package var gaps: String {
    let charts = scopes.map { scope in
      chart("\(scope.title), without training again", "relative change of outputs") { style in
        curves(scope).flatMap { curve in
          [
            line(curve, style(curve, nil)) { $0.measured },
            line(curve, style(curve, "4 3")) { $0.predicted },
          ]
        }
      }
    }
    let entries = methods.flatMap { method in
      [(method + ", measured", style(method, nil)), (method + ", predicted", style(method, "4 3"))]
    }
    return grid(charts, entries, 0...Double.infinity).svg(title: "Gaps of outputs by sparsity")
  }

  /// Accuracies, with a yardstick for the whole model.
  package var accuracies: String {
    let charts = scopes.map { scope in
      var chart = chart("\(scope.title), without training again", "Acc@1, %") { style in
        curves(scope).map { curve in line(curve, style(curve, nil)) { $0.acc1 } }
      }
      chart.yardstick = sweep.origin.acc1
      return chart
    }
    let entries =
      methods.map { ($0, style($0, nil)) } + [("nothing is gone", LineChart.yardstickStyle)]
    return grid(charts, entries, 0...100).svg(title: "Accuracies by sparsity")
  }

  private var methods: [String] {
    var methods: [String] = []
    for curve in sweep.curves where !methods.contains(curve.method) {
      methods.append(curve.method)
    }
    return methods
  }

  private var scopes: [PruningRule.Scope] {
    PruningRule.Scope.allCases.filter { !curves($0).isEmpty }
  }

  private func curves(_ scope: PruningRule.Scope) -> [PruningSweep.Curve] {
    sweep.curves.filter { $0.scope == scope }
  }

  private func style(_ method: String, _ dash: String?) -> LineStyle {
    let place = methods.firstIndex(of: method) ?? 0
    return LineStyle(color: LineColors.light.distinct[place], dash: dash)
  }

  private func line(
    _ curve: PruningSweep.Curve, _ style: LineStyle, _ value: (PruningSweep.Point) -> Double
  ) -> LineChart.Line {
    LineChart.Line(
      name: curve.method, style: style, points: curve.points.map { ($0.sparsity, value($0)) })
  }

  private func chart(
    _ title: String, _ label: String,
    _ lines: ((PruningSweep.Curve, String?) -> LineStyle) -> [LineChart.Line]
  ) -> LineChart {
    LineChart(
      title: title, xLabel: "sparsity", yLabel: label, lines: lines { style($0.method, $1) })
  }

  private func grid(
    _ charts: [LineChart], _ entries: [(String, LineStyle)], _ natural: ClosedRange<Double>
  ) -> ChartGrid {
    var grid = ChartGrid(
      groups: [charts], columns: 2, legend: Legend(entries: entries.map { ($0.0, $0.1) }),
      natural: natural)
    grid.x = Axis([0, 1], length: grid.width)
    return grid
  }
}

extension PruningRule.Scope {
  /// Of what the share is taken.
  fileprivate var title: String { self == .layer ? "of each layer" : "of all layers together" }
}
