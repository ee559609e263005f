import Files
import Foundation
import Testing

@testable import Report

/// The page of a grid that was written by hand.
@Suite struct GridPageTests {
  private let scratch = ScratchFolder()
  private var folder: String { scratch.path }

  private func grid() throws -> [String: Any] {
    let html = try #require(try GridPage(folder)).html
    let start = try #require(html.range(of: #"<script type="application/json" id="data">"#))
    let end = try #require(html[start.upperBound...].range(of: "</script>"))
    for part in ["style", "script", "data"] { #expect(!html.contains("/*\(part)*/")) }
    let content = try JSONSerialization.jsonObject(
      with: Data(html[start.upperBound..<end.lowerBound].utf8))
    return try #require((content as? [String: Any])?["grid"] as? [String: Any])
  }

  @Test func numbersOfCellsAndSeeds() throws {
    #expect(try GridPage(folder) == nil)
    // In the table's order; a run that has failed, or that the table does not have, is no part.
    try scratch.write(
      "runs.csv",
      """
      row,column,seed,test_acc1,error
      "10 %","A",0,40,
      "10 %","A",2,44,
      "10 %","B",0,,"a ""nan"" as loss"
      "2 %","A",0,7,

      """)
    try scratch.write("table.md", "# Small </script> grid\n\n| a |\n")
    // Not every epoch has an evaluation, and the last one need not be the best.
    let logs = [
      (
        "10/A/seed-0",
        "{\"epoch\":0,\"test_acc1\":40,\"train_loss\":2}\n"
          + "{\"epoch\":1,\"train_loss\":1}\n"
      ),
      (
        "10/A/seed-2",
        "{\"epoch\":0,\"test_acc1\":99}\n"
          + "{\"epoch\":1,\"test_acc1\":44,\"train_loss\":3}\n"
      ),
      ("10/A/seed-7", "{\"epoch\":0,\"test_acc1\":1}\n"),
      ("10/B/seed-0", "{\"epoch\":0,\"test_acc1\":2}\n"),
    ]
    for (run, log) in logs { try scratch.write("\(run)/log.jsonl", log) }
    try HandWrittenRun(folder: folder + "/2/A/seed-0", epochs: 2).write()
    let grid = try grid()
    #expect(grid["title"] as? String == "Small </script> grid")
    let cells = try #require(grid["cells"] as? [[String: Any]])
    #expect(cells.map { $0["name"] as? String } == ["10 %, A", "2 %, A"])
    #expect(cells[0]["seeds"] as? [Int] == [0, 2])
    // Rows by colour; where there are columns as well, these by dashes.
    #expect(grid["colors"] as? Int == 2 && cells.map { $0["color"] as? Int } == [0, 1])
    #expect(cells.allSatisfy { $0["dash"] == nil })
    let values = try #require(cells[0]["values"] as? [String: [Any]])
    #expect(values["test_acc1"] as? [Double] == [40, 44])
    #expect(values["best_acc1"] as? [Double] == [40, 99])
    #expect(values["train_loss"] as? [Double] == [1, 3])
    #expect(values["gate"]?.allSatisfy { $0 is NSNull } == true)
    let gates = (cells[1]["values"] as? [String: [Any]])?["gate"] as? [Double]
    #expect(gates.map { abs($0[0] - 0.7) < 1e-12 } == true)
    let curves = try #require(grid["curves"] as? [[String: Any]])
    #expect(curves.map { $0["title"] as? String } == ["Top-1, %", "Test loss", "Training loss"])
    #expect(curves.map { $0["most"] as? Double } == [100, nil, nil])
    let series = try #require(curves[2]["series"] as? [[String: Any]])
    #expect(series.map { $0["cell"] as? Int } == [0, 1])
    #expect(series[0]["points"] as? [[Double]] == [[1, 2], [2, 2]])
    // Of 1 and 3; the first epoch has one value, and so no deviation.
    let band = try #require(series[0]["band"] as? [[Double]])
    #expect(band.count == 1 && abs(band[0][1] - (2 - 2.0.squareRoot())) < 1e-12)
    // 40 and 99: a deviation above would be beyond 100 %.
    let first = (curves[0]["series"] as? [[String: Any]])?[0]
    let accuracy = try #require(first?["band"] as? [[Double]])
    #expect(accuracy[0][2] == 100 && accuracy[0][1] < 30)
    let failures = try #require(grid["failures"] as? [[String: String]])
    #expect(failures == [["run": "10 %, B, seed 0", "message": "a \"nan\" as loss"]])
    let layers = try #require(grid["layers"] as? [[String: [[String: Any]]]])
    #expect(layers.count == 2 && layers[1]["gate"]?.isEmpty == true)
    #expect(layers[1]["nonlocality"]?[0]["points"] as? [[Double]] == [[0, 2], [1, 2], [2, 2]])
    #expect(layers[1]["nonlocality"]?[0]["cell"] as? Int == 1)
  }

  /// Rows by colours and columns by dashes; colours alone where there are more columns than dashes.
  @Test func linesOfRowsAndColumns() throws {
    func styles(_ columns: [String]) throws -> [String] {
      let cells = ["1", "2"].flatMap { row in columns.map { (row, $0) } }
      let lines = cells.map { "\($0),\($1),0,1\n" }.joined()
      try scratch.write("runs.csv", "row,column,seed,test_acc1\n" + lines)
      for (row, column) in cells {
        try scratch.write("\(row)/\(column)/seed-0/log.jsonl", "{\"epoch\":0,\"test_acc1\":1}\n")
      }
      let found = try #require(try grid()["cells"] as? [[String: Any]])
      return found.map { "\($0["color"] as? Int ?? -1) \($0["dash"] as? String ?? "solid")" }
    }
    #expect(try styles(["A", "B"]) == ["0 solid", "0 6 3", "1 solid", "1 6 3"])
    #expect(try styles(["A", "B", "C", "D", "E"]) == (0..<10).map { "\($0) solid" })
  }

  @Test func gridsThatAreNone() throws {
    try scratch.write("runs.csv", "row,column,seed\n")
    #expect((try grid()["cells"] as? [Any])?.isEmpty == true)
    let shown = #expect(throws: FileError.self) { try ReportPage(runs: [folder, folder]) }
    #expect(shown?.reason == "a grid, which is shown by itself: give one folder")
    try scratch.write("runs.csv", "a,b\n")
    let error = #expect(throws: FileError.self) { try GridPage(folder) }
    #expect(error?.reason == "not what convit experiment writes")
  }
}
