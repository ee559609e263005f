import ArgumentParser
import Files
import Foundation
import Recipes
import Report
import Runs

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write a page about a run, or about several side by side.",
    discussion: """
      One HTML file that needs no other: curves, tables by layer and head, attention maps. It is \
      RUN/report.html of the first run unless --output says otherwise.
      """)

  @Option(.file("The file to write.")) var output: String?
  @Argument(help: "Folders of runs.") var runs: [String]

  func validate() throws {
    guard !runs.isEmpty else { throw ValidationError("no run is given") }
  }

  func run() throws {
    let page = try ReportPage(runs: runs)
    let path = output ?? "\(runs[0])/\(RunFiles.report)"
    let url = URL(fileURLWithPath: path)
    try OutputFolder(url.deletingLastPathComponent().path).write(
      page.html, to: url.lastPathComponent)
    try Terminal.result(path)
  }
}
