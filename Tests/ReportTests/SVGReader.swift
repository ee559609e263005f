import Foundation
import FoundationXML
import Testing

/// The elements of a drawing, as an XML parser finds them.
final class SVGReader: NSObject, XMLParserDelegate {
  struct Element {
    let name: String
    let attributes: [String: String]
    var text = ""

    func number(_ attribute: String) -> Double { Double(attributes[attribute] ?? "") ?? .nan }
  }

  private(set) var elements: [Element] = []
  private var open: [Int] = []

  init(_ svg: String) throws {
    super.init()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = self
    try #require(parser.parse(), "\(String(describing: parser.parserError))")
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    open.append(elements.count)
    elements.append(Element(name: name, attributes: attributes))
  }

  func parser(
    _ parser: XMLParser, didEndElement: String, namespaceURI: String?, qualifiedName: String?
  ) {
    open.removeLast()
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    if let last = open.last { elements[last].text += string }
  }

  var texts: [String] { elements.filter { $0.name == "text" }.map(\.text) }

  /// The points of the lines of a name in the values of the axes: the first and the last tick of
  /// each axis say what a pixel is. For drawings of one chart.
  func lines(_ name: String) throws -> [[(x: Double, y: Double)]] {
    func scale(_ anchor: String, _ attribute: String, _ shift: Double) throws
      -> (Double) -> Double
    {
      let ticks = elements.filter {
        $0.attributes["text-anchor"] == anchor && $0.attributes["font-size"] == "10"
      }.map { (Double($0.text.replacing("−", with: "-")), $0.number(attribute) - shift) }
      let (first, last) = (try #require(ticks.first), try #require(ticks.last))
      let (a, b) = (try #require(first.0), try #require(last.0))
      return { a + ($0 - first.1) / (last.1 - first.1) * (b - a) }
    }
    let (x, y) = (try scale("middle", "x", 0), try scale("end", "y", 3.5))
    return try elements.filter { $0.attributes["data-series"] == name }.map { path in
      try (path.attributes["d"] ?? "").dropFirst().split(separator: "L").map { point in
        let numbers = point.split(separator: " ").compactMap { Double($0) }
        try #require(numbers.count == 2, "\(point)")
        return (x(numbers[0]), y(numbers[1]))
      }
    }
  }

  /// The entries of the legend, each a text beside a piece of a line.
  var legend: [(name: String, color: String, dash: String?)] {
    zip(elements, elements.dropFirst()).compactMap { line, text in
      let numbers = (line.attributes["d"] ?? "").split { "ML ".contains($0) }
        .compactMap { Double($0) }
      guard text.name == "text", line.name == "path", numbers.count == 4, numbers[1] == numbers[3],
        abs(numbers[2] - numbers[0] - 24) < 1e-9
      else { return nil }
      return (text.text, line.attributes["stroke"] ?? "", line.attributes["stroke-dasharray"])
    }
  }

  /// The one line of a name.
  func line(_ name: String) throws -> [(x: Double, y: Double)] {
    let found = try lines(name)
    try #require(found.count == 1, "\(found.count) lines are called \(name)")
    return found[0]
  }
}

extension SVGReader {
  /// Text that is not within the picture, by what TextWidth takes it to be wide.
  var textsOutside: [String] {
    let box = (elements[0].attributes["viewBox"] ?? "").split(separator: " ").compactMap {
      Double($0)
    }
    guard box.count == 4 else { return ["no viewBox"] }
    return elements.filter { text in
      guard text.name == "text" else { return false }
      let long = TextWidth.of(text.text, size: text.number("font-size"))
      let anchor = text.attributes["text-anchor"]
      let share = anchor == "end" ? 1 : anchor == "middle" ? 0.5 : 0
      let isUpright = text.attributes["transform"] != nil
      let start = (isUpright ? text.number("y") : text.number("x")) - share * long
      return start < 0 || start + long > (isUpright ? box[3] : box[2])
    }.map(\.text)
  }
}
