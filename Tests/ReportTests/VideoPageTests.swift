import Autodiff
import ConViT
import Foundation
import Images
import Testing

@testable import Locality
@testable import Report

/// Figures of clips, and the page of an audit.
@Suite struct VideoPageTests {
  private let frames = (0..<3).map { frame in
    RGBImage(
      width: 12, height: 8, pixels: (0..<288).map { UInt8(($0 * (7 + 2 * frame)) % 256) })
  }

  private func figure() throws -> AttentionFigure {
    let wide = PatchGrid(rows: 2, columns: 9)
    func map(_ shift: Int) -> [Float] { (0..<18).map { Float(($0 + shift) % 5) / 40 } }
    let attention = QueryAttention(
      grid: wide, frames: 3, query: .patch(row: 1, column: 7),
      layers: ["time", "frame"].enumerated().map { index, step in
        QueryAttention.Layer(
          layer: 4, step: step, heads: [map(index), map(index + 2)],
          others: [QueryAttention.Map(name: "mean", values: map(1))]
            + (index == 1 ? [QueryAttention.Map(name: "reach", values: map(3))] : []),
          uniform: index == 0 ? 1.0 / 3 : 1.0 / 6, gates: nil, positional: nil)
      })
    return try AttentionFigure(
      attention, heads: [0, 1], size: ImageSize(height: 8, width: 12),
      image: RGBImage(beside: frames), source: "w", extent: .cell)
  }

  @Test func imagesBesideEachOther() {
    let strip = RGBImage(beside: frames)
    #expect(strip.size == ImageSize(height: 8, width: 36))
    for (place, frame) in frames.enumerated() {
      for row in 0..<8 {
        let start = 3 * (row * 36 + 12 * place)
        #expect(
          Array(strip.pixels[start..<start + 36]) == Array(frame.pixels[36 * row..<36 * (row + 1)]))
      }
    }
  }

  @Test func aFigureOfAClip() throws {
    let figure = try figure()
    #expect(figure.titles == ["layer 4 time", "layer 4 frame"])
    #expect(figure.columns == ["head 0", "head 1", "mean", "reach"])
    #expect(
      figure.rows.joined().map(\.name) == [
        "layer-4-time-head-0", "layer-4-time-head-1", "layer-4-time-mean", "layer-4-frame-head-0",
        "layer-4-frame-head-1", "layer-4-frame-mean", "layer-4-frame-reach",
      ])
    #expect(figure.rows.joined().map(\.column) == [0, 1, 2, 0, 1, 2, 3])
    let picture = figure.picture(of: figure.rows[1][3])
    #expect(picture.size == ImageSize(height: 152, width: 684))
    func pixel(_ row: Int, _ column: Int) -> [UInt8] {
      Array(picture.pixels[3 * (row * 684 + column)..<3 * (row * 684 + column) + 3])
    }
    // White on both sides of the edges between frames, the query in the last one framed in red.
    for column in [227, 228, 455, 456] { #expect(pixel(10, column) == [255, 255, 255]) }
    #expect(pixel(10, 226) != [255, 255, 255] && pixel(10, 229) != [255, 255, 255])
    #expect(pixel(76, 532) == [255, 48, 48] && pixel(151, 607) == [255, 48, 48])
    #expect(pixel(76, 531) != [255, 48, 48])
    let svg = try SVGReader(try figure.svg())
    for text in [
      "layer 4 frame", "reach", "query: frame 2 of 3, patch at row 1, column 1 of 2 × 3",
    ] {
      #expect(svg.texts.contains(text), "\(text)")
    }
    // What is uniform differs between the steps, so that it stands below the heads' maps.
    #expect(svg.texts.count { $0 == "uniform 0.333" } == 2, "\(svg.texts)")
    #expect(svg.texts.contains("each map has its own scale"))
    #expect(!svg.texts.contains { $0.contains("uniform attention") })
    let record = try JSONSerialization.jsonObject(with: Data(figure.record(files: []).utf8))
    let object = try #require(record as? [String: Any])
    #expect(object["query"] as? [Int] == [2, 1, 1] && object["grid"] as? [Int] == [2, 3])
    #expect(object["frames"] as? Int == 3 && object["uniform"] == nil)
    let maps = try #require(object["maps"] as? [[String: Any]])
    #expect(maps[3]["step"] as? String == "frame" && maps[3]["head"] as? Int == 0)
    #expect(maps[6]["head"] == nil)
  }

  @Test func aPageHoldsAllItNeeds() throws {
    let locality = ClipLocalityReport(
      clips: 1, frames: 3, grid: [2, 3], patchSize: 4, scheme: "divided", layers: [])
    let html = try VideoPage(
      record: #"{"weights":"</script>"}"#, data: "clips", locality: locality,
      figures: [VideoPage.Figure(path: "a.gif", caption: "is answered with b", figure())]
    ).html
    #expect(html.components(separatedBy: "</script>").count == 3)
    #expect(html.contains("\"scheme\":\"divided\"") && html.contains("a.gif"))
    for part in ["style", "script", "data"] { #expect(!html.contains("/*\(part)*/")) }
    #expect(html.components(separatedBy: "data:image/svg+xml;base64,").count == 2)
    #expect(!html.contains("src=\"") && !html.contains("@import") && !html.contains("<link"))
  }
}
