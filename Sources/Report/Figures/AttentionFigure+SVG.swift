import ConViT
import Foundation
import Images

extension AttentionFigure {
  /// A map's longer side; strips of frames are longer.
  private var longer: Double { min(104 * Double(frames), 312) }
  private static let (gap, line, margin) = (10.0, 13.0, 10.0)

  /// The figure with text: the image and its query, a colour bar, the maps with layer, head,
  /// largest attention and gate. The image is in it once, every map as a bitmap of its own.
  package func svg() throws -> String {
    var svg = SVG()
    let ratio = Double(size.width) / Double(size.height)
    let (width, height) = (longer * min(1, ratio), longer * min(1, 1 / ratio))
    let captions = rows.joined().map(\.captions.count).max() ?? 0
    let down = height + Self.line * Double(captions) + Self.gap + 4
    let across = max(width, widestCaption) + Self.gap
    let top = try header(in: &svg, width: width, height: height)
    if let image {  // in grey once, for all maps to lie on
      svg.add(
        "defs", [:], try element(image.grey, x: 0, y: 0, width: width, height: height, id: "under"))
    }
    for (column, name) in columns.enumerated() {
      svg.text(name, x(column, across) + width / 2, top + 12, anchor: .middle, isBold: true)
    }
    for (row, cells) in rows.enumerated() {
      let y = top + 20 + Double(row) * down
      svg.text(titles[row], Self.margin, y + height / 2 + 4, isBold: true)
      for cell in cells {
        let x = x(cell.column, across)
        try draw(cell, in: &svg, x: x, y: y, width: width, height: height)
        for (index, text) in cell.captions.enumerated() {
          svg.text(
            text, x + width / 2, y + height + Self.line * Double(index + 1), size: 10,
            anchor: .middle)
        }
      }
    }
    svg.width = max(x(columns.count, across), headerWidth(width))
    svg.height = top + 20 + Double(rows.count) * down
    return svg.text(title: "Attention of \(queryText) by layer and head")
  }

  private var left: Double {
    let names = titles.map { 1.1 * SVG.width(of: $0, size: 12) }
    return Self.margin + (names.max() ?? 0) + Self.gap
  }

  private var widestCaption: Double {
    rows.joined().flatMap(\.captions).map { SVG.width(of: $0, size: 10) }.max() ?? 0
  }

  /// Room for the image, the query in words and the colour bar.
  private func headerWidth(_ width: Double) -> Double {
    let bar = Self.bar.width + (scale?.isLogarithmic == true ? 80 : 0)
    let text = SVG.width(of: "query: \(queryText)", size: 11)
    return left + (image == nil ? 0 : width + 2 * Self.gap) + max(bar, text, 300) + Self.margin
  }

  private func x(_ column: Int, _ across: Double) -> Double { left + Double(column) * across }

  private var queryText: String {
    guard case .patch(let row, let column) = query else { return "the class token" }
    let columns = grid.columns / frames
    return (frames > 1 ? "frame \(column / columns) of \(frames), " : "")
      + "patch at row \(row), column \(column % columns) of \(grid.rows) × \(columns)"
  }

  /// Draws the image with the query, and what colours mean; returns where the rest begins.
  private func header(in svg: inout SVG, width: Double, height: Double) throws -> Double {
    var x = left
    if let image {
      svg.raw(try element(image, x: x, y: Self.margin, width: width, height: height))
      mark(in: &svg, x: x, y: Self.margin, width: width, height: height)
      x += width + 2 * Self.gap
    }
    let y = Self.margin + (image == nil ? 0 : max(0, height / 2 - 40))
    svg.text("query: \(queryText)", x, y + 10)
    drawBar(in: &svg, x: x, y: y + 45)
    return max(image == nil ? 0 : Self.margin + height, y + 69) + Self.gap
  }

  private static let bar = (width: 240.0, height: 10.0)

  /// Draws what colours mean, with the value of uniform attention if all maps have one scale.
  private func drawBar(in svg: inout SVG, x: Double, y: Double) {
    let stops = (0...16).map { Double($0) / 16 }.map {
      SVG.element("stop", ["offset": $0, "stop-color": Palette.hex(Palette.viridis($0))])
    }
    svg.add("defs", [:], SVG.element("linearGradient", ["id": "viridis"], stops.joined()))
    let (width, height) = Self.bar
    svg.rectangle(x, y, width, height, fill: "url(#viridis)")
    let name = uniform.map {
      "uniform attention 1/\(Int((1 / $0).rounded())) = \(shown($0))"
    }
    guard let scale else {
      let text = ["each map has its own scale", name].compactMap(\.self).joined(separator: "; ")
      svg.text(text, x, y - 6, size: 10)
      let first = isLogarithmic ? "its smallest value (log)" : "0"
      svg.text(first, x, y + height + 14, size: 10)
      svg.text("its largest value", x + width, y + height + 14, size: 10, anchor: .end)
      return
    }
    for mark in scale.marks {
      let place = scale.place(mark)
      let at = x + place * width
      svg.line(at, y + height, at, y + height + 3)
      svg.text(
        (mark == scale.low && isCut(scale) ? "≤ " : "") + shown(mark), at, y + height + 14,
        size: 10, anchor: place == 1 ? .end : .middle)
    }
    if scale.isLogarithmic { svg.text("logarithmic", x + width + 10, y + height - 1, size: 10) }
    guard let uniform, let name else { return }
    let at = x + scale.place(uniform) * width
    svg.add(
      "path",
      [
        "d": "M\(SVG.number(at)) \(SVG.number(y))l-4 -6h8Z", "fill": "#111", "class": "uniform",
      ])
    svg.line(at, y, at, y + height, style: LineStyle(color: "#fff", width: 1))
    let room = SVG.width(of: name, size: 10)
    let start = min(max(at - room / 2, x), x + max(width - room, 0))
    svg.text(name, start + room / 2, y - 9, size: 10, anchor: .middle)
  }

  /// Whether there are values that a scale has no colour of their own for.
  private func isCut(_ scale: AttentionScale) -> Bool {
    rows.joined().contains { $0.map.values.contains { Double($0) < scale.low } }
  }

  private func draw(
    _ cell: Cell, in svg: inout SVG, x: Double, y: Double, width: Double, height: Double
  ) throws {
    let block = 8  // pixels of a patch: enough for readers that smooth what they enlarge
    let map = cell.map.picture(
      ImageSize(height: block * grid.rows, width: block * grid.columns))
    if image != nil { svg.add("use", ["xlink:href": "#under", "x": x, "y": y]) }
    svg.raw(
      try element(
        map, x: x, y: y, width: width, height: height,
        opacity: image == nil ? nil : MapCell.opacity))
    mark(in: &svg, x: x, y: y, width: width, height: height)
  }

  /// Draws what is between frames, and a frame around the query.
  private func mark(in svg: inout SVG, x: Double, y: Double, width: Double, height: Double) {
    for frame in 1..<frames {
      let at = x + Double(frame) * width / Double(frames)
      svg.line(at, y, at, y + height, style: LineStyle(color: "#fff", width: 1.2))
    }
    guard case .patch(let row, let column) = query else { return }
    let (w, h) = (width / Double(grid.columns), height / Double(grid.rows))
    svg.rectangle(
      x + Double(column) * w, y + Double(row) * h, w, h, stroke: Palette.hex(Self.mark),
      strokeWidth: 1.2)
  }

  private func element(
    _ image: RGBImage, x: Double, y: Double, width: Double, height: Double, opacity: Double? = nil,
    id: String? = nil
  ) throws -> String {
    SVG.element(
      "image",
      [
        "id": id, "x": x, "y": y, "width": width, "height": height, "opacity": opacity,
        "preserveAspectRatio": "none", "image-rendering": "pixelated",
        "xlink:href": Page.address(ofPNG: try image.pngData()),
      ])
  }
}

/// A number with three significant digits, tiny and huge ones as "1.5e−7".
func shown(_ value: Double) -> String {
  let parts = String(format: "%.3g", value == 0 ? 0 : value).split(separator: "e")
  let exponent = parts.count == 2 ? Int(parts[1]).map { "e\($0)" } ?? "" : ""
  return (parts[0] + exponent).replacing("-", with: "−")
}
