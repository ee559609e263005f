import ConViT
import Foundation
import Images
import Testing

@testable import Locality
@testable import Report

@Suite struct AttentionScaleTests {
  private func places(_ scale: AttentionScale, _ values: [Double]) -> [Double] {
    values.map { (scale.place($0) * 1e6).rounded() / 1e6 }
  }

  @Test func valuesHavePlaces() {
    let linear = AttentionScale([0.05, 0.2, 0], isLogarithmic: false)
    #expect(places(linear, [0, 0.05, 0.1, 0.2, 0.3]) == [0, 0.25, 0.5, 1, 1])
    #expect(linear.marks == [0, 0.25, 0.5, 0.75, 1].map { $0 * Double(Float(0.2)) })
    // From a power of ten to the largest value.
    let log = AttentionScale([0.002, 0.03, 0.1], isLogarithmic: true)
    #expect(abs(log.low - 0.001) < 1e-15 && abs(log.high - 0.1) < 1e-8)
    #expect(places(log, [0, 0.0001, 0.001, 0.01, 0.1]) == [0, 0, 0, 0.5, 1])
    // Four decades and the rest of the last one at most, one at least.
    #expect(abs(AttentionScale([1e-30, 0.5], isLogarithmic: true).low - 1e-5) < 1e-15)
    #expect(abs(AttentionScale([0.5, 0.5], isLogarithmic: true).low - 0.01) < 1e-15)
    #expect(log.marks.count == 3 && abs(log.marks[1] - 0.01) < 1e-15)
    let nothing = AttentionScale([0, 0], isLogarithmic: true)
    #expect(places(nothing, [0, 1]) == [0, 0])
  }

  @Test func anEvenHeadIsDim() {
    // Of 49 patches: where all heads are even, the scale goes to four times of what each gets.
    let even = [Float](repeating: 1 / 49, count: 49)
    let scale = AttentionScale(even, uniform: 1 / 49, isLogarithmic: false)
    #expect(abs(scale.place(1.0 / 49) - 0.25) < 1e-6)
    #expect(abs(scale.place(1.02 / 49) - 0.255) < 1e-6)
    // Beside a head that looks at one patch it is darker still.
    let sharp = AttentionScale(even + [0.9], uniform: 1 / 49, isLogarithmic: false)
    #expect(abs(sharp.place(1.0 / 49) - 1 / 49 / 0.9) < 1e-6)
    // A probability is at most 1.
    #expect(AttentionScale([0.5, 0.5], uniform: 0.5, isLogarithmic: false).high == 1)
  }

  /// Two layers of two heads on 7 × 7 patches: all even but one, which looks at one patch.
  private func figure(
    _ extent: AttentionScale.Extent = .shared, isLogarithmic: Bool = false, peak: Float = 0.5
  ) throws -> AttentionFigure {
    var c = ViTConfiguration(.convit, patchSize: 4, embedDim: 8, heads: 2)
    (c.imageHeight, c.imageWidth, c.depth, c.localUpToLayer, c.classes) = (28, 28, 2, 0, 2)
    let even = [Float](repeating: 1 / 49, count: 49)
    var sharp = [Float](repeating: (1 - peak) / 48, count: 49)
    sharp[10] = peak
    let layers = [[even, even], [even, sharp]].enumerated().map { layer, heads in
      QueryAttention.Layer(
        layer: layer, heads: heads, others: [], uniform: 1.0 / 49, gates: nil, positional: nil)
    }
    return try AttentionFigure(
      QueryAttention(
        grid: c.grid, query: .patch(row: 0, column: 0), layers: layers),
      heads: [0, 1], size: ImageSize(height: 28, width: 28), image: nil, source: "x",
      extent: extent, isLogarithmic: isLogarithmic)
  }

  /// The colour of a patch in the picture of a cell, away from the query's frame.
  private func color(_ figure: AttentionFigure, _ row: Int, _ head: Int, patch: Int) -> [UInt8] {
    let picture = figure.picture(of: figure.rows[row][head])
    let block = picture.width / 7
    let (y, x) = (patch / 7 * block + block / 2, patch % 7 * block + block / 2)
    return Array(picture.pixels[3 * (y * picture.width + x)..<3 * (y * picture.width + x) + 3])
  }

  // matplotlib's viridis at 10 / 255 (0.0204 of 0.5), 64 / 255 and 1.
  private let even: [UInt8] = [71, 16, 99]
  private let quarter: [UInt8] = [59, 82, 139]
  private let bright: [UInt8] = [253, 231, 37]

  @Test func allCellsHaveOneScale() throws {
    let shared = try figure()
    #expect(color(shared, 0, 0, patch: 30) == even)
    #expect(color(shared, 1, 0, patch: 10) == even)
    #expect(color(shared, 1, 1, patch: 10) == bright)
    let alike = try figure(peak: 1 / 49)
    for row in 0..<2 {
      for head in 0..<2 { #expect(color(alike, row, head, patch: 10) == quarter) }
    }
    let own = try figure(.cell)
    #expect(color(own, 0, 0, patch: 30) == bright && color(own, 1, 1, patch: 10) == bright)
  }

  @Test func theBarSaysWhatColoursMean() throws {
    let svg = try SVGReader(try figure().svg())
    for text in ["0", "0.125", "0.25", "0.375", "0.5", "uniform attention 1/49 = 0.0204"] {
      #expect(svg.texts.contains(text), "\(text)")
    }
    let bar = try #require(svg.elements.first { $0.attributes["fill"] == "url(#viridis)" })
    let mark = try #require(svg.elements.first { $0.attributes["class"] == "uniform" })
    let at = Double(mark.attributes["d"]?.dropFirst().prefix { $0 != " " } ?? "") ?? .nan
    #expect(abs((at - bar.number("x")) / bar.number("width") - 1 / 49 / 0.5) < 1e-4)
    let log = try SVGReader(try figure(isLogarithmic: true).svg())
    for text in ["0.01", "0.1", "0.5", "logarithmic"] { #expect(log.texts.contains(text)) }
    let own = try SVGReader(try figure(.cell).svg())
    #expect(own.texts.contains { $0.hasPrefix("each map has its own scale") })
    #expect(
      own.texts.contains("max 0.5") && !own.elements.contains { $0.attributes["class"] != nil })
    for svg in [svg, log, own] {
      for text in svg.elements where text.name == "text" {
        let share = text.attributes["text-anchor"] == "start" ? 1 : 0.5
        let width = TextWidth.of(text.text, size: text.number("font-size"))
        #expect(text.number("x") + share * width <= svg.elements[0].number("width") + width / 2)
      }
    }
  }

  @Test func theRecordSaysSoForPicturesWithoutText() throws {
    struct Record: Decodable {
      struct Map: Decodable {
        let file: String
        let low, high, max: Double
      }
      let files: [String]
      let scale: String
      let uniform: Double
      let maps: [Map]
    }
    func record(_ figure: AttentionFigure) throws -> Record {
      try JSONDecoder().decode(Record.self, from: Data(figure.record(files: ["a.png"]).utf8))
    }
    let shared = try record(try figure())
    #expect(shared.files == ["a.png"] && shared.scale == "shared" && shared.uniform == 1.0 / 49)
    #expect(shared.maps.map(\.file).last == "layer-1-head-1.png")
    #expect(shared.maps.allSatisfy { $0.low == 0 && $0.high == 0.5 })
    let own = try record(try figure(.cell))
    #expect(own.scale == "cell" && own.maps.allSatisfy { $0.high == $0.max })
  }
}
