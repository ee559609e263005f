/// Lines over one pair of axes.
struct LineChart {
  /// A line: points in the order of x; where a value is missing, or no number that can be drawn,
  /// the line is broken.
  struct Line {
    let name: String
    let color: String
    var dash: String?
    var width = 1.5
    let points: [(x: Double, y: Double?)]

    /// The parts between missing values.
    var parts: [[(x: Double, y: Double)]] {
      var parts: [[(x: Double, y: Double)]] = [[]]
      for point in points {
        if let y = point.y, abs(y) < 1e30 {
          parts[parts.count - 1].append((point.x, y))
        } else {
          parts.append([])
        }
      }
      return parts.filter { !$0.isEmpty }
    }
  }

  var title: String?
  let xLabel: String
  let yLabel: String
  let lines: [Line]
  /// A value to compare with, drawn across.
  var yardstick: Double?

  /// The dash of a yardstick.
  static let yardstickDash = "2 3"
  /// Room around the axes for what is written there.
  static let (left, top, right, bottom) = (58.0, 24.0, 12.0, 40.0)

  /// All that must be within the axes.
  var xs: [Double] { lines.flatMap { $0.parts.flatMap { $0.map(\.x) } } }
  var ys: [Double] {
    lines.flatMap { $0.parts.flatMap { $0.map(\.y) } } + (yardstick.map { [$0] } ?? [])
  }

  /// Draws the chart with the upper left corner of its axes at (x0, y0).
  func draw(
    in svg: inout SVG, x0: Double, y0: Double, width: Double, height: Double, x: Axis, y: Axis
  ) {
    func px(_ value: Double) -> Double { x0 + x.place(value) * width }
    func py(_ value: Double) -> Double { y0 + (1 - y.place(value)) * height }
    for tick in y.ticks {
      svg.line(x0, py(tick), x0 + width, py(tick), stroke: "#e4e4e4", width: 0.8)
      svg.line(x0 - 4, py(tick), x0, py(tick))
      svg.text(y.label(tick), x0 - 7, py(tick) + 3.5, size: 10, anchor: .end)
    }
    for tick in x.ticks {
      svg.line(px(tick), y0 + height, px(tick), y0 + height + 4)
      svg.text(x.label(tick), px(tick), y0 + height + 15, size: 10, anchor: .middle)
    }
    if let yardstick {
      svg.line(
        x0, py(yardstick), x0 + width, py(yardstick), stroke: "#666", width: 1.2,
        dash: Self.yardstickDash)
    }
    for line in lines {
      for part in line.parts {
        let places = part.map { (px($0.x), py($0.y)) }
        svg.path(places, stroke: line.color, width: line.width, dash: line.dash, kind: line.name)
        guard places.count == 1 else { continue }  // a path of one point is not seen
        svg.add(
          "circle",
          [
            "cx": SVG.number(places[0].0), "cy": SVG.number(places[0].1), "r": "2.5",
            "fill": line.color,
          ])
      }
    }
    svg.path(
      [(x0, y0), (x0, y0 + height), (x0 + width, y0 + height)], stroke: "#333", width: 1)
    svg.text(xLabel, x0 + width / 2, y0 + height + 32, anchor: .middle)
    svg.text(yLabel, x0 - 42, y0 + height / 2, anchor: .middle, isUpright: true)
    if let title { svg.text(title, x0 + width / 2, y0 - 8, anchor: .middle, isBold: true) }
  }
}
