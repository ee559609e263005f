import Foundation
import Testing

@testable import Report

/// The page of a grid that was written by hand.
@Suite struct GridPageTests {
  private let scratch = ScratchFolder()
  private var folder: String { scratch.path }

  @Test func numbersOfCellsAndSeeds() throws {
    #expect(try GridPage(folder) == nil)
    try scratch.write("runs.csv", "row,column,seed\n")
    try scratch.write("table.md", "# Small </script> grid\n\n| a |\n")
    // Not every epoch has an evaluation, and the last one need not be the best.
    let logs = [
      (0, "{\"epoch\":0,\"test_acc1\":40,\"train_loss\":2}\n{\"epoch\":1,\"train_loss\":1}\n"),
      (2, "{\"epoch\":0,\"test_acc1\":50}\n{\"epoch\":1,\"test_acc1\":44,\"train_loss\":3}\n"),
    ]
    for (seed, log) in logs { try scratch.write("few/A/seed-\(seed)/log.jsonl", log) }
    try scratch.write("few/B/seed-0/failed.txt", "the loss is not finite\n")
    let html = try #require(try GridPage(folder)).html
    let start = try #require(html.range(of: #"<script type="application/json" id="data">"#))
    let end = try #require(html[start.upperBound...].range(of: "</script>"))
    let content = try JSONSerialization.jsonObject(
      with: Data(html[start.upperBound..<end.lowerBound].utf8))
    let grid = try #require((content as? [String: Any])?["grid"] as? [String: Any])
    #expect(grid["title"] as? String == "Small </script> grid")
    let cells = try #require(grid["cells"] as? [[String: Any]])
    #expect(cells.map { $0["name"] as? String } == ["few, A"])
    #expect(cells[0]["seeds"] as? [Int] == [0, 2])
    let values = try #require(cells[0]["values"] as? [String: [Any]])
    #expect(values["test_acc1"] as? [Double] == [40, 44])
    #expect(values["best_acc1"] as? [Double] == [40, 50])
    #expect(values["train_loss"] as? [Double] == [1, 3])
    #expect(values["gate"]?.allSatisfy { $0 is NSNull } == true)
    let curves = try #require(grid["curves"] as? [[String: Any]])
    #expect(curves.map { $0["title"] as? String } == ["Top-1, %", "Training loss"])
    let series = try #require(curves[1]["series"] as? [[String: Any]])
    #expect(series[0]["points"] as? [[Double]] == [[1, 2], [2, 2]])
    // Of 1 and 3; the first epoch has one value, and so no deviation.
    let band = try #require(series[0]["band"] as? [[Double]])
    #expect(band.count == 1 && abs(band[0][1] - (2 - 2.0.squareRoot())) < 1e-12)
    let failures = try #require(grid["failures"] as? [[String: String]])
    #expect(failures == [["run": "few/B/seed-0", "message": "the loss is not finite"]])
    #expect(grid["layers"] as? [Int] == [])
    for part in ["style", "script", "data"] { #expect(!html.contains("/*\(part)*/")) }
  }
}
