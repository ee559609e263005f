import Autodiff
import ConViT
import Files
import Foundation
import Images
import Locality
import Testing

@testable import Report

@Suite struct AttentionFigureTests {
  /// 2 × 3 patches of 4 pixels; the first of two layers is GPSA.
  private func model(strength: Float = 1) throws -> VisionTransformer {
    var c = ViTConfiguration(.convit, patchSize: 4, embedDim: 8, heads: 4)
    (c.imageHeight, c.imageWidth, c.depth, c.localUpToLayer, c.classes) = (8, 12, 2, 1, 2)
    c.start = .convolutional(strength: strength)
    return try VisionTransformer(c)
  }

  private let image = RGBImage(
    width: 12, height: 8, pixels: (0..<3 * 96).map { UInt8(($0 * 37) % 256) })

  @Test func pixelsAreTheMap() {
    // matplotlib's viridis at 0, 1 and 128 / 255, and white over 40 % of a grey of 100.
    let values: [Float] = [0, 0.1, 0.2, 0.2, 0, 0]
    let cell = MapCell(
      values: values, grid: PatchGrid(rows: 2, columns: 3),
      scale: AttentionScale(values, isLogarithmic: false))
    let alone = cell.picture(ImageSize(height: 4, width: 9))
    func pixel(_ image: RGBImage, _ row: Int, _ column: Int) -> [UInt8] {
      Array(image.pixels[3 * (row * image.width + column)..<3 * (row * image.width + column) + 3])
    }
    #expect(pixel(alone, 0, 0) == [68, 1, 84] && pixel(alone, 1, 2) == [68, 1, 84])
    #expect(pixel(alone, 0, 3) == [33, 145, 140] && pixel(alone, 1, 5) == [33, 145, 140])
    #expect(pixel(alone, 0, 8) == [253, 231, 37] && pixel(alone, 3, 0) == [253, 231, 37])
    #expect(pixel(alone, 2, 3) == [68, 1, 84])
    let grey = RGBImage(width: 9, height: 4, pixels: Array(repeating: 100, count: 108))
    #expect(pixel(cell.picture(over: grey), 0, 8) == [192, 179, 62])
    let colors = RGBImage(width: 2, height: 1, pixels: [255, 0, 0, 10, 20, 30])
    #expect(colors.grey.pixels == [76, 76, 76, 18, 18, 18])
    #expect(
      colors.enlarged(2).pixels.count == 24 && pixel(colors.enlarged(2), 1, 3) == [10, 20, 30])
  }

  @Test func aFigureOfLayersAndHeads() throws {
    let model = try model()
    let weights = ParameterStore(model, seed: 1)
    let attention = QueryAttention(
      model, FrozenWeights(weights), image: Normalization.imageNet.tensor(image),
      query: .patch(row: 1, column: 2), layers: [0, 1], withRollout: true)
    func figure(_ heads: [Int]) throws -> AttentionFigure {
      try AttentionFigure(
        attention, heads: heads, size: ImageSize(height: 8, width: 12), image: image, source: "x")
    }
    let all = try figure([0, 1, 2, 3])
    #expect(all.rows.map(\.count) == [5, 5])
    let some = try figure([1, 3])
    #expect(
      some.rows.joined().map(\.name) == [
        "layer-0-head-1", "layer-0-head-3", "layer-0-rollout", "layer-1-head-1", "layer-1-head-3",
        "layer-1-rollout",
      ])
    // 12 pixels become 19 times as many, which are the first above 224.
    let picture = some.picture(of: some.rows[0][0])
    #expect(picture.size == ImageSize(height: 152, width: 228))
    let frame: [UInt8] = [255, 48, 48]
    #expect(Array(picture.pixels.suffix(3)) == frame, "the query is the last patch")
    #expect(Array(some.queryPicture?.pixels.suffix(3) ?? []) == frame)
    // A frame of 9 pixels inside of a block of 76.
    let marked = stride(from: 0, to: picture.pixels.count, by: 3).count {
      Array(picture.pixels[$0..<$0 + 3]) == frame
    }
    #expect(marked == 76 * 76 - 58 * 58)
    #expect(some.contactSheet.size == ImageSize(height: 2 * 152 + 8, width: 3 * 228 + 2 * 8))

    let svg = try SVGReader(try some.svg())
    for text in ["layer 0", "layer 1", "head 1", "head 3", "rollout", "σ(λ) = 0.731"] {
      #expect(svg.texts.contains(text), "\(text)")
    }
    // The image, its grey form once for all maps, and each map.
    let bitmaps = svg.elements.filter { $0.name == "image" }
    #expect(bitmaps.count == 2 + 6 && svg.elements.filter { $0.name == "use" }.count == 6)
    let data = try #require(bitmaps[2].attributes["xlink:href"]?.dropFirst(22))
    let bytes = try #require(Data(base64Encoded: String(data)))
    let map = MapCell(
      values: attention.layers[0].heads[1], grid: attention.grid, scale: try #require(some.scale))
    #expect(
      try ImageDecoder().decode(Array(bytes), name: "map")
        == map.picture(ImageSize(height: 16, width: 24)))
    #expect(try figure([1, 3]).svg() == some.svg())
  }

  @Test func positionsAlone() throws {
    let model = try model(strength: 2)
    let attention = QueryAttention(
      positionOf: model, FrozenWeights(ParameterStore(model, seed: 1)),
      query: .patch(row: 1, column: 1),
      layers: [0])
    let figure = try AttentionFigure(
      attention, heads: [0, 1, 2, 3], size: ImageSize(height: 8, width: 12), image: nil,
      source: "x")
    #expect(figure.queryPicture == nil)
    let svg = try SVGReader(try figure.svg())
    #expect(
      svg.texts.filter { $0.hasPrefix("Δ") } == [
        "Δ = (−0.5, −0.5)", "Δ = (−0.5, 0.5)", "Δ = (0.5, −0.5)", "Δ = (0.5, 0.5)",
      ])
    #expect(svg.texts.filter { $0 == "α = 2" }.count == 4)
    #expect(svg.elements.filter { $0.name == "image" }.count == 4)
  }

  @Test func attentionThatIsNoNumber() throws {
    let model = try model()
    var weights = ParameterStore(model, seed: 1)
    weights.replaceValues(by: weights.values.map { Tensor(repeating: .nan, $0.shape) })
    let attention = QueryAttention(
      positionOf: model, FrozenWeights(weights), query: .patch(row: 0, column: 0), layers: [0])
    #expect(throws: FileError(path: "w", reason: "the attention of layer 0 is not finite")) {
      try AttentionFigure(
        attention, heads: [0], size: ImageSize(height: 8, width: 12), image: nil, source: "w")
    }
  }
}
