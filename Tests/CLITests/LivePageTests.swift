import Foundation
import Testing

/// `convit train --report`.
@Suite struct LivePageTests {
  private let workspace: Workspace

  init() throws { workspace = try Workspace() }

  private func page(_ run: String) throws -> String {
    String(decoding: try workspace.read("\(run)/report.html"), as: UTF8.self)
  }

  @Test func itIsRenewedWhileTheRunGoesOn() throws {
    // A killed run leaves the page of its last epoch, which a browser loads again.
    let run = Workspace.flags(
      ["train", "--data-path", "data", "--output-dir", "run", "--report", "--resume", "auto"]
        + Workspace.tiny, replacedBy: ["--epochs", "10000"])
    let log = workspace.file("run/log.jsonl")
    let killed = try ConvitProcess.run(
      run, in: workspace.path,
      interruption: .init(
        isDue: {
          let lines = FileManager.default.contents(atPath: log)?.count { $0 == 10 } ?? 0
          return lines > 3
        }, signal: SIGKILL))
    #expect(killed.status == 128 + SIGKILL)
    let left = try page("run")
    #expect(left.contains("<meta http-equiv=\"refresh\" content=\"5\">"))
    #expect(left.contains("\"epoch\":1,"))

    // A run that is stopped, or has come to its end, does not.
    let stopped = try workspace.convit(Workspace.flags(run, replacedBy: ["--time-budget", "2s"]))
    #expect(stopped.status == 75)
    #expect(!(try page("run").contains("http-equiv")))
    try workspace.train("whole", ["--epochs", "2", "--report"])
    let whole = try page("whole")
    #expect(!whole.contains("http-equiv") && whole.contains("\"epoch\":1,"))
    // It is the page of convit report.
    #expect(try workspace.convit(["report", "whole", "--output", "own.html"]).status == 0)
    #expect(try String(decoding: workspace.read("own.html"), as: UTF8.self) == whole)
  }

  /// A page that cannot be written does not end a run.
  @Test func aFaultIsANote() throws {
    try workspace.makeFolder("run/report.html/x")
    let trained = try workspace.train("run", ["--epochs", "3", "--report"])
    let notes = trained.errLines.filter { $0.contains("there will be no page") }
    #expect(notes.count == 1 && notes[0].hasPrefix("note: run/report.html: cannot "))
    #expect(trained.errLines.last?.hasPrefix("epoch 3/3") == true)
  }

  @Test func thereIsNoneUnlessItIsAskedFor() throws {
    try workspace.train("run")
    #expect(!(try workspace.listing().contains("run/report.html")))
  }
}
