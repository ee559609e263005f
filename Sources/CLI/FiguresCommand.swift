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
  @Argument(help: "Folders of runs, or that of a grid.") var runs: [String]

  func validate() throws {
    guard !outputDir.isEmpty else { throw ValidationError("output-dir is empty") }
  }

  func run() throws {
    let drawn = try RunFigures(runs)
    for note in drawn.notes { Terminal.write("note: \(note)\n") }
    let folder = try PictureFolder(outputDir, record: "figures.json") { name in
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
