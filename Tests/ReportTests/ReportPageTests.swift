import Autodiff
import ConViT
import Files
import Foundation
import Images
import Locality
import Testing

@testable import Report
@testable import Symmetry

/// Pages of runs that were written by hand; `make report-check` looks at one in a browser.
@Suite struct ReportPageTests {
  private let scratch = ScratchFolder()
  private var folder: String { scratch.path }

  private struct Page: Decodable {
    struct Run: Decodable {
      struct Epoch: Decodable { let epoch: Int, test_acc1: Double }
      struct Attention: Decodable {
        struct Index: Decodable { let grid: [Int] }
        struct Frame: Decodable { let epochs: Int, images: [String] }
        let index: Index
        let frames: [Frame]
        let pictures: [String]
      }
      let name: String
      let config: String
      let log: [Epoch]
      let attention: Attention?
    }
    let runs: [Run]
  }

  private func page(_ runs: [String]) throws -> (html: String, data: Page) {
    let html = try ReportPage(runs: runs).html
    let start = try #require(html.range(of: #"<script type="application/json" id="data">"#))
    let end = try #require(html.range(of: "</script>", range: start.upperBound..<html.endIndex))
    let text = html[start.upperBound..<end.lowerBound]
    return (html, try JSONDecoder().decode(Page.self, from: Data(text.utf8)))
  }

  @Test func holdsWhatTheRunLogged() throws {
    try scratch.write("a/first/config.yaml", "model: </script><b>\n")
    try scratch.write(
      "a/first/log.jsonl", "{\"epoch\":0,\"test_acc1\":12.5}\n{\"epoch\":1,\"test_acc1\":2")
    try scratch.write("b/first/log.jsonl", "")
    let (html, data) = try page(["\(folder)/a/first", "\(folder)/b/first"])
    #expect(data.runs.map(\.name) == ["a/first", "b/first"])
    #expect(data.runs[0].log.map(\.test_acc1) == [12.5], "a line that was cut short is left out")
    #expect(data.runs[0].config == "model: </script><b>\n")
    #expect(data.runs.allSatisfy { $0.attention == nil })
    for part in ["style", "script", "data"] { #expect(!html.contains("/*\(part)*/")) }
    // Nothing is loaded from elsewhere; the one address is the name of SVG.
    let addresses = html.matches(of: /https?:[^"' )]*/).map { String($0.0) }
    #expect(Set(addresses) == ["http://www.w3.org/2000/svg"])
    #expect(!html.contains("src=\"") && !html.contains("@import") && !html.contains("<link"))
  }

  /// Only a run in progress is looked at again.
  @Test func aBrowserFollowsARun() throws {
    try scratch.write("log.jsonl", "{\"epoch\":0}\n")
    let line = "<meta http-equiv=\"refresh\" content=\"30\">\n"
    let live = try ReportPage(runs: [folder], refresh: 30).html
    let done = try ReportPage(runs: [folder]).html
    #expect(live.contains(line) && live.replacing(line, with: "") == done)
    #expect(!done.contains("http-equiv") && !done.contains("<!--"))
  }

  @Test func aRunWithItsSymmetry() throws {
    try scratch.write("a/log.jsonl", "")
    #expect(try ReportPage(runs: ["\(folder)/a"]).html.contains(#""symmetry":null"#))
    var statistics = OrbitStatistics(.horizontalFlip, subgroups: [.horizontalFlip])
    statistics.add([[0.75, 0.25], [0.25, 0.75]], label: 1)
    let report = SymmetryReport(statistics, [.horizontalFlip]) { "class \($0)" }
    try scratch.write("a/symmetry.json", JSON.text(report))
    let html = try ReportPage(runs: ["\(folder)/a"]).html
    #expect(html.contains(#""averaged_risk":0.5"#) && html.contains(#""name":"hflip""#))
    let svg = SymmetryFigure(report).svg
    #expect(svg.contains("hflip, 2 passes") && svg.contains("realised, by the labels"))
    #expect(!svg.contains("±"), "one image has no standard error")
    for text in ["", "{}", "[1]"] {
      try scratch.write("a/symmetry.json", text)
      let error = #expect(throws: FileError.self) { try ReportPage(runs: ["\(folder)/a"]) }
      #expect(error?.reason == "not what convit symmetry writes")
    }
  }

  @Test func foldersThatAreNoRuns() throws {
    #expect(throws: FileError(path: "/nowhere", reason: "no log.jsonl: not the folder of a run")) {
      try ReportPage(runs: ["/nowhere"])
    }
    try scratch.write("log.jsonl", "{}\nno JSON\n")
    #expect(
      throws: FileError(path: folder + "/log.jsonl", reason: "line 2 is not a JSON object")
    ) { try ReportPage(runs: [folder]) }
  }

  @Test func recordsOfOtherImagesAreForgotten() throws {
    var c = ViTConfiguration(.convit, patchSize: 4, embedDim: 8, heads: 4)
    (c.imageHeight, c.imageWidth, c.depth, c.localUpToLayer, c.classes) = (8, 12, 2, 1, 2)
    let model = try VisionTransformer(c)
    let image = RGBImage(width: 12, height: 8, pixels: Array(repeating: 100, count: 288))
    try scratch.write("log.jsonl", "")
    func epochs(_ c: ViTConfiguration, _ name: String) throws -> [Int]? {
      _ = try AttentionRecorder(folder + "/attention", c, images: [(name, image)], after: 3)
      return try page([folder]).data.runs[0].attention?.frames.map(\.epochs)
    }
    var recorder = try AttentionRecorder(folder + "/attention", c, images: [("ant/1.png", image)])
    try recorder.record(
      model, FrozenWeights(ParameterStore(model, seed: 3)), epochs: 3, on: WorkerPool(threads: 1))
    #expect(try epochs(c, "ant/1.png") == [3])
    var deeper = c
    deeper.depth = 3
    let index = try Data(contentsOf: URL(fileURLWithPath: folder + "/attention/index.json"))
    #expect(try epochs(deeper, "ant/1.png") == nil)
    try index.write(to: URL(fileURLWithPath: folder + "/attention/index.json"))
    #expect(try epochs(c, "bee/1.png") == nil)
  }

  @Test func attentionMapsAreRecordedAsGreys() throws {
    var c = ViTConfiguration(.convit, patchSize: 4, embedDim: 8, heads: 4)
    (c.imageHeight, c.imageWidth, c.depth, c.localUpToLayer, c.classes) = (8, 12, 2, 1, 2)
    let model = try VisionTransformer(c)
    let weights = ParameterStore(model, seed: 3)
    let image = RGBImage(
      width: 12, height: 8, pixels: (0..<3 * 96).map { UInt8(($0 * 37) % 256) })
    var recorder = try AttentionRecorder(
      folder + "/attention", c, images: [("ant/1.png", image)])
    let pool = WorkerPool(threads: 2)
    for epochs in [0, 3, 5] {
      try recorder.record(model, FrozenWeights(weights), epochs: epochs, on: pool)
    }
    // Going on after 3 epochs forgets the record of 5.
    recorder = try AttentionRecorder(
      folder + "/attention", c, images: [("ant/1.png", image)], after: 3)
    try recorder.record(model, FrozenWeights(weights), epochs: 4, on: pool)
    try scratch.write("log.jsonl", "")
    let attention = try #require(try page([folder]).data.runs[0].attention)
    #expect(attention.index.grid == [2, 3] && attention.pictures.count == 1)
    #expect(attention.frames.map(\.epochs) == [0, 3, 4])

    // A grey says what the forward pass gives, to half a step of the scale (2.3 %).
    let bytes = try #require(
      Data(base64Encoded: String(attention.frames[2].images[0].dropFirst(22))))
    let picture = try ImageDecoder().decode(Array(bytes), name: "frame")
    #expect(picture.width == 7 && picture.height == 4 * 6 + 4 * 7)
    let maps = AttentionMaps(
      model, FrozenWeights(weights), image: Normalization.imageNet.tensor(image))
    for (layer, first) in [(0, 0), (1, 24)] {
      let (values, length) = (maps.layers[layer].elements, maps.layers[layer].shape[2])
      for (place, value) in values.enumerated() {
        let (row, column) = (first + place / length, place % length)
        let grey = Double(picture.pixels[3 * (row * 7 + column)])
        let shown = grey == 0 ? 0 : pow(AttentionRecorder.floor, 1 - grey / 255)
        #expect(abs(shown - Double(value)) <= 0.024 * Double(value) + AttentionRecorder.floor)
      }
    }
  }
}
