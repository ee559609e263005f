import ArgumentParser
import Files
import Foundation
import Recipes
import Report

struct FiguresCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "figures",
    abstract: "Draw the curves of runs for a paper.",
    discussion: """
      OUT gets loss.svg, accuracy.svg, nonlocality.svg (figure 5 of the ConViT paper) and \
      gates.svg (figure 6), as far as the runs have log.jsonl and locality.jsonl; locality.csv, \
      with a line for each run, measurement and head; and figures.json, which names them and the \
      runs. Figures of an earlier call into OUT are removed.

      The folder of a grid, as convit experiment writes it, is drawn with the mean over the seeds \
      of each cell, and the standard deviation as a band.
      """)

  @Option(help: .folder("The folder to write to.")) var outputDir: String
  @Option(
    help: .value("length", "The width of each figure, as 85mm, 3.25in, 240pt or 320px."),
    transform: pixels)
  var width: Double?
  @Option(help: .value("pt", "The size of most text in points. (default: 8.25)"))
  var fontSize: Double?
  @Option(help: .int("Charts beside each other, at most.")) var columns: Int?
  @Argument(help: "Folders of runs, or that of a grid.") var runs: [String]

  func validate() throws {
    if let fontSize, !(1...144 ~= fontSize) {
      throw ValidationError("font-size must be 1 to 144 points, found \(fontSize)")
    }
    if let columns { try require("columns", columns, in: 1...100) }
    guard !outputDir.isEmpty else { throw ValidationError("output-dir is empty") }
  }

  func run() throws {
    let drawn = try RunFigures(
      runs,
      layout: FigureLayout(width: width, fontSize: fontSize, columns: columns))
    for note in drawn.notes { Terminal.write("note: \(note)\n") }
    let folder = try ResultFolder(outputDir, record: "figures.json") { name in
      name.wholeMatch(of: /(loss|accuracy|nonlocality|gates)\.svg|locality\.csv/) != nil
    }
    defer { folder.discard() }
    var files = drawn.figures.map { ($0.name, $0.svg) }
    if let table = drawn.localityTable { files.append(("locality.csv", table)) }
    for (name, text) in files { try folder.write(text, to: name) }
    try folder.publish { try JSON.text(["files": $0, "runs": runs], isPretty: true) }
    for (name, _) in files { try Terminal.result("\(outputDir)/\(name)") }
  }
}

/// A length as journals tell it, in pixels of 1/96 inch.
private func pixels(_ length: String) throws -> Double {
  let units: [String: Double] = [
    "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96, "pt": 96.0 / 72, "px": 1,
  ]
  guard let unit = units.first(where: { length.hasSuffix($0.key) }),
    let number = Double(length.dropLast(2)), 10...10_000 ~= number * unit.value
  else {
    throw ValidationError(
      "must be a number with its unit, as 85mm, 8.5cm, 3.25in, 240pt or 320px, of 10 to 10000px; "
        + "found '\(length)'")
  }
  return number * unit.value
}
