import Files
import Foundation
import Testing

@testable import Report

/// Curves of runs that were written by hand.
@Suite struct RunFigureTests {
  private let scratch = ScratchFolder()
  private var folder: String { scratch.path }

  /// A line of `locality.jsonl`: two heads in a layer with gates, two in one without.
  private func survey(_ epochs: Int, _ nonlocality: [[Double]], _ gate: [Double]) -> String {
    let layers = nonlocality.enumerated().map { layer, values in
      """
      {"layer":\(layer),"kind":"\(layer == 0 ? "gpsa" : "mhsa")","nonlocality":\(values),\
      "nonlocality_sd":[0,0],"distance_px":[4,4],"entropy":[1,1],"center":[[0,0],[0,0]],\
      "width":[1,1],"similarity":[[1,1],[1,1]]\(layer == 0 ? ",\"gate\":\(gate)" : "")}
      """
    }
    return "{\"epochs\":\(epochs),\"report\":{\"images\":4,\"grid\":[3,3],\"patch_size\":4,"
      + "\"uniform_nonlocality\":1.5,\"layers\":[\(layers.joined(separator: ","))]}}\n"
  }

  private func expect(
    _ found: [(x: Double, y: Double)], _ expected: [(Double, Double)],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(found.count == expected.count, sourceLocation: sourceLocation)
    for (a, b) in zip(found, expected) {
      // A pixel has three decimals, and the axes are hundreds of them long.
      #expect(abs(a.x - b.0) < 1e-4 && abs(a.y - b.1) < 1e-3, sourceLocation: sourceLocation)
    }
  }

  @Test func aRunWithoutGatesBesideOneWithThem() throws {
    for run in ["gated", "plain"] {
      try scratch.write("\(run)/log.jsonl", "{\"epoch\":0,\"test_loss\":2,\"test_acc1\":10}\n")
    }
    let line = survey(0, [[1.0, 1.2]], [0.7, 0.75])
    try scratch.write("gated/locality.jsonl", line)
    try scratch.write("plain/locality.jsonl", line.replacing(/,"gate":\[[^\]]*\]/, with: ""))
    let drawn = try RunFigures([folder + "/gated", folder + "/plain"])
    #expect(drawn.notes == [folder + "/plain: no gates for gates.svg"])
  }

  @Test func linesAreTheNumbersOfTheLogs() throws {
    try scratch.write(
      "a<b/log.jsonl",
      """
      {"epoch":0,"train_loss":2.5,"test_loss":2.25,"test_acc1":10}
      {"epoch":1,"train_loss":null,"test_loss":1.75,"test_acc1":32.5}
      {"epoch":2,"train_loss":1.1,"test_loss":1.3,"test_acc1":64.125}
      {"epoch":3,"train_loss":0.9,"test_loss":1.2,"test_acc1":7
      """)
    try scratch.write(
      "a<b/locality.jsonl",
      survey(0, [[1.0, 1.2], [1.5, 1.5]], [0.7, 0.75])
        + survey(3, [[0.5, 0.9], [1.4, 1.2]], [0.25, 0.5]))
    let drawn = try RunFigures([folder + "/a<b"])
    #expect(drawn.notes.isEmpty)
    #expect(
      drawn.figures.map(\.name) == ["loss.svg", "accuracy.svg", "nonlocality.svg", "gates.svg"])
    let table = try #require(drawn.localityTable).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    // Two measurements of two layers of two heads.
    #expect(
      table.count == 9
        && table[0][..<6].joined(separator: " ") == "run epochs layer head kind nonlocality")
    #expect(
      table[5][0] == "\"\(folder)/a<b\"" && table[5][1...5] == ["3", "0", "0", "gpsa", "0.5"])
    #expect(table[8][2...5] == ["1", "1", "mhsa", "1.2"])
    let svgs = try drawn.figures.map { try SVGReader($0.svg) }
    let train = try svgs[0].lines("a<b, train")
    #expect(train.count == 2, "the line is broken where a number is missing")
    expect(train.flatMap(\.self), [(1, 2.5), (3, 1.1)])
    expect(try svgs[0].line("a<b, test"), [(1, 2.25), (2, 1.75), (3, 1.3)])
    expect(try svgs[1].line("a<b"), [(1, 10), (2, 32.5), (3, 64.125)])
    expect(try svgs[2].line("layer 0"), [(0, 1.1), (3, 0.7)])
    expect(try svgs[2].line("layer 1"), [(0, 1.5), (3, 1.3)])
    #expect(svgs[2].elements.contains { $0.attributes["stroke-dasharray"] == "2 3" })
    expect(try svgs[3].line("head 0"), [(0, 0.7), (3, 0.25)])
    expect(try svgs[3].line("mean"), [(0, 0.725), (3, 0.375)])
    for part in ["epochs trained", "loss", "a<b, train"] { #expect(svgs[0].texts.contains(part)) }
    #expect(svgs[2].texts.contains("layer 1") && svgs[2].texts.contains("MHSA"))
    // Everything is within the picture, and the same again.
    for (figure, svg) in zip(drawn.figures, svgs) {
      for text in svg.elements where text.name == "text" {
        #expect((0...svg.elements[0].number("width")).contains(text.number("x")))
        #expect((0...svg.elements[0].number("height")).contains(text.number("y")), "\(figure.name)")
      }
    }
    #expect(try RunFigures([folder + "/a<b"]).figures.map(\.svg) == drawn.figures.map(\.svg))
  }

  @Test func runsBesideEachOther() throws {
    for run in ["a", "b", "c"] {
      try scratch.write("\(run)/log.jsonl", "{\"epoch\":0,\"test_acc1\":50}\n")
      if run == "c" { continue }
      try scratch.write("\(run)/locality.jsonl", survey(0, [[1, 1], [2, 2]], [0.5, 0.5]))
    }
    let drawn = try RunFigures(["a", "b", "c"].map { "\(folder)/\($0)" })
    #expect(drawn.figures.map(\.name) == ["accuracy.svg", "nonlocality.svg", "gates.svg"])
    #expect(
      drawn.notes == [
        "\(folder)/c: no locality.jsonl, so it is not in nonlocality.svg and gates.svg",
        "loss.svg is not written: no run has numbers for it",
      ])
    let (accuracy, gates) = (
      try SVGReader(drawn.figures[0].svg), try SVGReader(drawn.figures[2].svg)
    )
    let dots = accuracy.elements.filter { $0.name == "circle" }
    #expect(Set(dots.map { $0.attributes["fill"] }).count == 3, "a single epoch is a dot")
    #expect(gates.texts.filter { $0.hasSuffix(", layer 0") } == ["a, layer 0", "b, layer 0"])
  }

  @Test func brokenLogs() throws {
    let good = survey(0, [[1, 1], [2, 2]], [0.5, 0.5])
    for (log, locality, file, reason) in [
      ("{\"train_loss\":1}\n", "", "log.jsonl", "line 1 has no 'epoch'"),
      ("{\"epoch\":\"one\"}\n", "", "log.jsonl", "line 1 is not as expected"),
      ("", good + "{\"epochs\":1}\n", "locality.jsonl", "line 2 has no 'report'"),
      (
        "", good + survey(1, [[1, 1]], [0.5, 0.5]), "locality.jsonl",
        "line 2 has other layers or heads than line 1"
      ),
      (
        "", good + survey(1, [[1, 1], [2, 2]], [0.5]), "locality.jsonl",
        "line 2 has other layers or heads than line 1"
      ),
      ("", survey(0, [], []), "locality.jsonl", "line 1 has no layers or heads"),
    ] {
      try scratch.write("log.jsonl", log)
      try scratch.write("locality.jsonl", locality)
      #expect(throws: FileError(path: "\(folder)/\(file)", reason: reason)) {
        try RunFigures([folder])
      }
    }
  }

  @Test func numbersAndTextOfDrawings() {
    #expect(
      [0, -0.0001, 1.5, -2.25, 1.0 / 3, 12, .nan].map(SVG.number) == [
        "0", "0", "1.5", "-2.25", "0.333", "12", "0",
      ])
    #expect(SVG.escaped("a<b & \"c\"\u{1}") == "a&lt;b &amp; &quot;c&quot;\u{fffd}")
  }
}

/// Curves of a grid, whose cells have the means and deviations of their seeds.
@Suite struct SeedFigureTests {
  private let scratch = ScratchFolder()
  private var folder: String { scratch.path }

  @Test func meansAndBands() throws {
    #expect(throws: FileError.self) { try RunFigures([folder]) }
    try scratch.write(
      "runs.csv", "row,column,seed\nfew,A,0\nfew,A,1\nfew,A,2\nsome of them,B,0\n")
    for (seed, accuracies) in [(0, [10.0, 40]), (1, [14, 44]), (2, [12, 42])] {
      let lines = accuracies.enumerated().map { "{\"epoch\":\($0),\"test_acc1\":\($1)}\n" }
      try scratch.write("few/A/seed-\(seed)/log.jsonl", lines.joined())
    }
    try scratch.write("some-of-them/B/seed-0/log.jsonl", "{\"epoch\":0,\"test_acc1\":20}\n")
    let drawn = try RunFigures([folder])
    #expect(drawn.figures.map(\.name) == ["accuracy.svg"])
    #expect(drawn.notes.first == "loss.svg is not written: no run has numbers for it")
    let svg = drawn.figures[0].svg
    // Epochs differ, so both are drawn by their share; a cell of one seed has no band.
    #expect(svg.contains("share of the training, %") && svg.contains(">few, A<"))
    #expect(svg.matches(of: /fill-opacity="0.16"/).count == 1)
    func places(_ path: Substring) -> [(x: Double, y: Double)] {
      path.split(separator: "L").map { place in
        let parts = place.split(separator: " ").compactMap { Double($0) }
        return (parts[0], parts[1])
      }
    }
    let mean = places(
      try #require(svg.firstMatch(of: /data-series="few, A" d="M([^"]*)"/)).1)
    let band = places(try #require(svg.firstMatch(of: /d="M([^"Z]*)Z"/)).1)
    // 12 and 42, each with a deviation of 2: 30 points are so many pixels.
    let scale = (mean[0].y - mean[1].y) / 30
    #expect(mean.count == 2 && band.count == 4)
    #expect(abs(mean[0].y - band[0].y - 2 * scale) < 0.01)
    #expect(abs(band[2].y - mean[1].y - 2 * scale) < 0.01)
    #expect(abs(band[3].x - mean[0].x) < 1e-6)
  }
}
