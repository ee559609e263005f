import ArgumentParser
import Files
import Foundation
import Recipes
import Report
import Runs

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write a page about a run, about several side by side, or about a grid.",
    discussion: """
      One HTML file that needs no other: curves, tables by layer and head, attention maps. It is \
      RUN/report.html of the first run unless --output says otherwise. Of the folder of a grid, as \
      convit experiment writes it: what each cell has come to, and curves of means over its seeds.
      """)

  @Option(.file("The file to write.")) var output: String?
  @Argument(help: "Folders of runs, or that of a grid.") var runs: [String]

  func validate() throws {
    guard !runs.isEmpty else { throw ValidationError("no run is given") }
  }

  func run() throws {
    let grid = runs.count == 1 ? try GridPage(runs[0]) : nil
    let html = try grid?.html ?? ReportPage(runs: runs).html
    let folder = runs[0].hasSuffix("/") ? String(runs[0].dropLast()) : runs[0]
    let path = output ?? "\(folder)/\(RunFiles.report)"
    let url = URL(fileURLWithPath: path)
    try OutputFolder(url.deletingLastPathComponent().path).write(
      html, to: url.lastPathComponent)
    try Terminal.result(path)
  }
}
