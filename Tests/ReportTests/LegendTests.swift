import Foundation
import Testing

@testable import Report

/// Legends of runs of different kinds beside each other, and axes of odd numbers.
@Suite struct LegendTests {
  private let folder = NSTemporaryDirectory() + "legends-" + UUID().uuidString

  private static let sets: [[[String]]] = [
    [["gpsa", "mhsa"]],
    [["gpsa", "gpsa", "mhsa"], ["mhsa", "mhsa", "mhsa"]],  // a DeiT beside a ConViT
    [["mhsa", "mhsa"], ["gpsa", "mhsa"]],
    [["mhsa"], ["psa", "psa", "psa", "mhsa"], ["gpsa", "mhsa"]],
    [["mhsa", "mhsa"], ["mhsa", "mhsa", "mhsa"]],
  ]

  @Test(arguments: sets) func linesAreWhatTheLegendSays(kinds: [[String]]) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let runs = kinds.indices.map { "\(folder)/run-\($0)" }
    for (run, kinds) in zip(runs, kinds) { try HandWrittenRun(folder: run, kinds: kinds).write() }
    let figure = try #require(
      RunFigures(runs).figures.first { $0.name == "nonlocality.svg" })
    let svg = try SVGReader(figure.svg)
    let legend = Dictionary(uniqueKeysWithValues: svg.legend.map { ($0.name, $0) })
    let lines = svg.elements.filter { $0.attributes["data-series"] != nil }
    let drawn = kinds.flatMap { $0.enumerated().map { (layer: $0, kind: $1.uppercased()) } }
    try #require(lines.count == drawn.count)
    for (line, (layer, kind)) in zip(lines, drawn) {
      #expect(line.attributes["data-series"] == "layer \(layer)")
      let entry = try #require(legend["layer \(layer)"])
      #expect(entry.color == line.attributes["stroke"] && entry.dash == nil)
      let style = try #require(legend[kind])
      #expect(style.dash == line.attributes["stroke-dasharray"], "\(kind)")
    }
    // Nothing is in the legend that is not drawn, and no two entries look alike.
    let depth = kinds.map(\.count).max() ?? 0
    #expect(
      Set(legend.keys)
        == Set(drawn.map { $0.kind } + (0..<depth).map { "layer \($0)" } + ["uniform attention"]))
    #expect(Set(legend.values.map { "\($0.color) \($0.dash ?? "")" }).count == legend.count)
  }

  @Test func runsWithoutNumbersAreNotInTheLegend() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try HandWrittenRun(folder: folder + "/a").write()
    try HandWrittenRun(folder: folder + "/b", epochs: 0).write()
    let figures = try RunFigures([folder + "/a", folder + "/b"]).figures
    #expect(try SVGReader(figures[0].svg).legend.map(\.name) == ["a, train", "a, test"])
    #expect(try SVGReader(figures[1].svg).legend.map(\.name) == ["a"])
  }

  private static let numbers: [@Sendable (Int) -> (loss: Double, accuracy: Double)] = [
    { _ in (0, 100) }, { _ in (2.3, 0) }, { (1e-9 * Double($0), 99.99 + 0.001 * Double($0)) },
    { (1e20 * Double($0), 50) }, { (1e6 + 0.01 * Double($0), 1e-7 * Double($0)) },
  ]

  @Test(arguments: numbers.indices, [0, 1, 2, 12, 1000])
  func allTextIsWithinThePicture(index: Int, epochs: Int) throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let run = folder + "/a run whose name is rather long"
    try HandWrittenRun(folder: run, epochs: epochs, numbers: Self.numbers[index]).write()
    for figure in try RunFigures([run]).figures {
      let svg = try SVGReader(figure.svg)
      #expect(svg.textsOutside.isEmpty, "\(figure.name): \(svg.textsOutside)")
      for text in svg.elements where text.name == "text" {
        #expect(!text.text.hasPrefix("−"), "\(figure.name): \(text.text) is no such number")
      }
    }
  }
}
