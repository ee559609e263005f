import Foundation

/// A drawing in SVG: elements in the order of their drawing, lengths in pixels of 1/96 inch.
///
/// Text is text, in whatever sans-serif font there is. The same calls give the same bytes.
struct SVG {
  /// How text lies to its point.
  enum Anchor: String { case start, middle, end }

  /// The size; it may be set when everything is drawn.
  var width = 0.0
  var height = 0.0
  private var elements: [String] = []

  mutating func add(
    _ name: String, _ attributes: KeyValuePairs<String, (any Attribute)?>, _ inner: String = ""
  ) {
    elements.append(Self.element(name, attributes, inner))
  }

  /// An element without those attributes that are nil.
  static func element(
    _ name: String, _ attributes: KeyValuePairs<String, (any Attribute)?>, _ inner: String = ""
  ) -> String {
    let list = attributes.map { name, value in
      value.map { " \(name)=\"\(escaped($0.written))\"" } ?? ""
    }.joined()
    return inner.isEmpty ? "<\(name)\(list)/>" : "<\(name)\(list)>\(inner)</\(name)>"
  }

  protocol Attribute {
    var written: String { get }
  }

  mutating func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, style: LineStyle = Self.thin
  ) {
    path([(x1, y1), (x2, y2)], style: style)
  }

  static let thin = LineStyle(width: 1)

  /// A line through points, which `kind` may say what it is of.
  mutating func path(
    _ points: [(x: Double, y: Double)], style: LineStyle = Self.thin, kind: String? = nil
  ) {
    let places = points.map { "\(Self.number($0.x)) \(Self.number($0.y))" }
    add(
      "path",
      [
        "data-series": kind, "d": "M" + places.joined(separator: "L"), "fill": "none",
        "stroke": style.color, "stroke-width": style.width, "stroke-linejoin": "round",
        "stroke-dasharray": style.dash,
      ])
  }

  /// A thin colour within points.
  mutating func area(_ points: [(x: Double, y: Double)], color: String) {
    let places = points.map { "\(Self.number($0.x)) \(Self.number($0.y))" }
    add(
      "path",
      ["d": "M" + places.joined(separator: "L") + "Z", "fill": color, "fill-opacity": 0.16])
  }

  mutating func rectangle(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, fill: String = "none",
    stroke: String = "none", strokeWidth: Double = 1
  ) {
    add(
      "rect",
      [
        "x": x, "y": y, "width": width, "height": height, "fill": fill, "stroke": stroke,
        "stroke-width": strokeWidth,
      ])
  }

  /// A line of text whose base line goes through (x, y), upwards if `isUpright`.
  mutating func text(
    _ text: String, _ x: Double, _ y: Double, size: Double = 11, anchor: Anchor = .start,
    isBold: Bool = false, isUpright: Bool = false
  ) {
    let turn = isUpright ? "rotate(-90 \(Self.number(x)) \(Self.number(y)))" : nil
    add(
      "text",
      [
        "x": x, "y": y, "font-size": size, "text-anchor": anchor.rawValue,
        "font-weight": isBold ? "bold" : nil, "transform": turn,
      ], Self.escaped(text))
  }

  mutating func raw(_ element: String) { elements.append(element) }

  /// The file, with a title for readers that cannot see it; it may be shown larger or smaller than
  /// it is drawn.
  func text(title: String, scale: Double = 1) -> String {
    let (w, h) = (Self.number(width), Self.number(height))
    let (shownWidth, shownHeight) = (Self.number(scale * width), Self.number(scale * height))
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" \
      width="\(shownWidth)" height="\(shownHeight)" viewBox="0 0 \(w) \(h)" \
      font-family="sans-serif" fill="#111">
      <title>\(Self.escaped(title))</title>
      <rect width="\(w)" height="\(h)" fill="#fff"/>
      \(elements.joined(separator: "\n"))
      </svg>

      """
  }

  /// A number with at most three decimals, without zeros at the end.
  static func number(_ value: Double) -> String {
    let thousandths = (value * 1000).rounded()
    guard abs(thousandths) < 1e15 else { return "0" }
    let count = abs(Int(thousandths))
    var fraction = String(count % 1000 + 1000).dropFirst()
    while fraction.last == "0" { fraction.removeLast() }
    return (thousandths < 0 ? "-" : "") + "\(count / 1000)"
      + (fraction.isEmpty ? "" : ".\(fraction)")
  }

  /// About how wide text is: fonts differ, so as wide as in DejaVu Sans, which is rather wide.
  static func width(of text: String, size: Double) -> Double {
    size
      * text.unicodeScalars.reduce(0) { sum, scalar in
        switch scalar {
        case "i", "j", "l", "I", "J", ".", ",", ":", ";", "'", "|", " ", "(", ")", "[", "]", "/":
          sum + 0.4
        case "m", "w", "M", "W", "@", "%": sum + 1
        case "A"..."Z", "_", "−", "=", "+", "<", ">", "σ", "α", "Δ", "λ": sum + 0.84
        case "\u{1100}"...: sum + (scalar.value < 0x2000 || scalar.value >= 0x2e80 ? 1.05 : 0.84)
        default: sum + 0.64
        }
      }
  }

  /// Text as XML, without the characters that XML cannot hold.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\u{20}"..."\u{fffd}", "\u{10000}"..."\u{10ffff}": result.unicodeScalars.append(scalar)
      default: result += "\u{fffd}"
      }
    }
    return result
  }
}

extension String: SVG.Attribute {
  var written: String { self }
}

extension Double: SVG.Attribute {
  var written: String { SVG.number(self) }
}
