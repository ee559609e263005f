import Foundation
import Testing

@testable import Report

/// Contrasts as WCAG 2 defines them.
@Suite struct LineColorTests {
  private func luminance(_ color: String) throws -> Double {
    var digits = String(color.dropFirst())
    if digits.count == 3 { digits = digits.map { "\($0)\($0)" }.joined() }
    let number = try #require(Int(digits, radix: 16), "\(color)")
    let channels = [number >> 16, number >> 8 & 255, number & 255].map { byte in
      let share = Double(byte) / 255
      return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]
  }

  private func contrast(_ a: String, _ b: String) throws -> Double {
    let (a, b) = (try luminance(a), try luminance(b))
    return (max(a, b) + 0.05) / (min(a, b) + 0.05)
  }

  @Test func contrastIsThatOfTheStandard() throws {
    #expect(abs(try contrast("#000", "#fff") - 21) < 1e-9)
    // #777 on white is the well-known 4.48 that just fails for text.
    #expect(abs(try contrast("#777777", "#fff") - 4.48) < 0.005)
  }

  @Test func linesOfAPageCanBeSeen() throws {
    // The style sheet gives each variable a value for light pages, then one for dark ones.
    let css = String(decoding: PackageResources.style_css, as: UTF8.self)
    func grounds(_ index: Int) throws -> [String] {
      try ["back", "panel"].map { name in
        let values = css.matches(of: try Regex("--\(name): (#[0-9a-f]+)"))
        try #require(values.count == 2)
        return String(try #require(values[index][1].substring))
      }
    }
    for (colors, index) in [(LineColors.light, 0), (.dark, 1)] {
      let ordered = (1...24).flatMap { count in
        (0..<count).map { colors.ordered($0, of: count) }
      }
      for ground in try grounds(index) + (index == 0 ? ["#fff"] : []) {
        for color in Set(colors.distinct + colors.ordered + ordered) {
          #expect(try contrast(color, ground) >= 3, "\(color) on \(ground)")
        }
      }
      #expect(Set(colors.distinct).count == colors.distinct.count)
      #expect(Set((0..<24).map { colors.ordered($0, of: 24) }).count == 24)
    }
  }

  @Test func everyLineOfAFigureCanBeSeen() throws {
    let folder = NSTemporaryDirectory() + "colors-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let runs = (0..<10).map { "\(folder)/run-\($0)" }
    for (index, run) in runs.enumerated() {
      try HandWrittenRun(
        folder: run, epochs: index == 0 ? 1 : 3,
        kinds: Array(repeating: "gpsa", count: 12) + Array(repeating: "mhsa", count: index),
        heads: 3 * index + 1
      ).write()
    }
    for some in [Array(runs.prefix(1)), Array(runs.prefix(8)), runs] {
      for figure in try RunFigures(some).figures {
        let svg = try SVGReader(figure.svg)
        let ground = try #require(svg.elements.first { $0.name == "rect" }?.attributes["fill"])
        let lines = svg.elements.filter { $0.attributes["data-series"] != nil }
        let dots = svg.elements.filter { $0.name == "circle" }
        #expect(!lines.isEmpty)
        for color in Set(
          (lines + dots).compactMap { $0.attributes["stroke"] } + svg.legend.map(\.color))
        {
          #expect(try contrast(color, ground) >= 3, "\(figure.name): \(color)")
        }
      }
    }
  }
}
