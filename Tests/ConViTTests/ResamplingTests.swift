import Autodiff
import Foundation
import Safetensors
import Testing

@testable import ConViT

/// Models for images of another size than their weights' file.
@Suite struct ResamplingTests {
  private struct Case: Decodable {
    let name: String
    let old, new: [Int]
    let tokens: Int
  }

  private let folder = NSTemporaryDirectory() + "resampling-" + UUID().uuidString

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  /// Position embeddings are timm's `resample_abs_pos_embed`'s (Fixtures/make_resampling.py), also
  /// on grids that are not square.
  @Test func isTimms() throws {
    let file = try SafetensorsFile(contentsOf: try fixture("resampling.safetensors"))
    let cases = try JSONDecoder().decode(
      [Case].self, from: Data(try #require(file.metadata["cases"]).utf8))
    #expect(cases.count == 8)
    for resampling in cases {
      func tensor(_ part: String, _ grid: PatchGrid) throws -> Tensor {
        let values = try file.floats("\(resampling.name).\(part)")
        let all = Tensor([resampling.tokens + grid.count, 8], values)
        return all.sliced(0, resampling.tokens..<resampling.tokens + grid.count)
      }
      let (old, new) = (Self.grid(resampling.old), Self.grid(resampling.new))
      let ours = try tensor("before", old).resampled(from: old, to: new)
      let theirs = try tensor("after", new)
      let error = zip(ours.elements, theirs.elements).map { abs($0 - $1) }.max()
      #expect(ours.shape == theirs.shape && (error ?? 1) < 1e-5, "\(resampling.name)")
    }
  }

  private static func grid(_ sizes: [Int]) -> PatchGrid {
    PatchGrid(rows: sizes[0], columns: sizes[1])
  }

  /// A model of 4 × 4 patches in a file.
  private func write(
    _ family: ViTConfiguration.Family, isDistilled: Bool = false, bare: Bool = false
  ) throws -> (saved: SavedModel, path: String) {
    var c = ViTConfiguration(family, imageSize: 16, patchSize: 4, embedDim: 8, heads: 4)
    (c.depth, c.localUpToLayer, c.classes) = (2, family == .convit ? 1 : 0, 3)
    c.isDistilled = isDistilled
    let model = try VisionTransformer(c)
    let saved = SavedModel(model, ParameterStore(model, seed: 5))
    let path = "\(folder)/\(family)\(isDistilled)\(bare).safetensors"
    if bare {
      try SafetensorsWriter.write(saved.weights.outputTensors, to: path)
    } else {
      try saved.write(to: path)
    }
    return (saved, path)
  }

  @Test(arguments: [(ViTConfiguration.Family.convit, false), (.vit, false), (.vit, true)])
  func theTokensPlacesStay(_ family: ViTConfiguration.Family, _ isDistilled: Bool) throws {
    let (saved, path) = try write(family, isDistilled: isDistilled)
    let loaded = try SavedModel(contentsOf: path, as: .init(imageHeight: 12, imageWidth: 20))
    #expect((try loaded.transformer).configuration.grid == PatchGrid(rows: 3, columns: 5))
    #expect(
      loaded.warnings == ["position embedding resampled from 4 × 4 to 3 × 5 patches"])
    let tokens = family == .vit ? (try saved.transformer).configuration.tokens : 0
    let (before, after) = (saved.weights["pos_embed"]!, loaded.weights["pos_embed"]!)
    #expect(after.shape == [1, tokens + 15, 8])
    #expect(after.sliced(1, 0..<tokens) == before.sliced(1, 0..<tokens))
    for name in saved.weights.tree.names where name != "pos_embed" {
      #expect(loaded.weights[name] == saved.weights[name], "\(name)")
    }
    // And back in another file: this one is no square, but says so.
    let wide = "\(folder)/wide-\(family)\(isDistilled).safetensors"
    try loaded.write(to: wide)
    let back = try SavedModel(contentsOf: wide, as: .init(imageHeight: 16, imageWidth: 16))
    #expect(back.warnings == ["position embedding resampled from 3 × 5 to 4 × 4 patches"])
  }

  @Test func theSameSizeIsNotResampled() throws {
    let (saved, path) = try write(.vit)
    let loaded = try SavedModel(contentsOf: path, as: .init(imageHeight: 16, imageWidth: 16))
    #expect(loaded.weights.values == saved.weights.values && loaded.warnings.isEmpty)
    // As many patches in another arrangement are another grid, if the file says what it has.
    let wide = try SavedModel(contentsOf: path, as: .init(imageHeight: 8, imageWidth: 32))
    #expect(wide.warnings == ["position embedding resampled from 4 × 4 to 2 × 8 patches"])
  }

  /// A file that does not say its grid has a square one, or the one that is asked for.
  @Test func aFileThatDoesNotSayHasASquare() throws {
    let (saved, path) = try write(.convit, bare: true)
    func start(_ height: Int, _ width: Int, patch: Int = 4, classes: Int = 3) throws
      -> (weights: ParameterStore, notes: [String])
    {
      var c = (try saved.transformer).configuration
      (c.imageHeight, c.imageWidth, c.patchSize, c.classes) = (height, width, patch, classes)
      return try SavedModel.finetuned(try VisionTransformer(c), from: path, seed: 1)
    }
    #expect(try start(16, 16).notes.isEmpty)
    #expect(try start(8, 32).notes.isEmpty)
    let larger = try start(24, 20, classes: 7)
    #expect(
      larger.notes == [
        "\(path): position embedding resampled from 4 × 4 to 6 × 5 patches",
        "\(path): 2 start anew (head.weight, head.bias)",
      ])
    #expect(larger.weights["pos_embed"]?.shape == [1, 30, 8])
    let other = #expect(throws: WeightsError.self) { try start(16, 16, patch: 8) }
    #expect(other?.reason == "its patches are 4 × 4 pixels, not 8 × 8 (patch-size)")
  }

  /// A file of an older version, whose configuration lacks a key, can be read.
  @Test func aConfigurationWithoutAttentionDropoutIsRead() throws {
    var expected = ViTConfiguration(.vit, imageSize: 16, patchSize: 4, embedDim: 8, heads: 4)
    expected.attnDropRate = 0.25
    let json = String(decoding: try JSONEncoder().encode(expected), as: UTF8.self)
    let older = json.replacing(/"attnDropRate":0.25,?/, with: "")
    func read(_ text: String) throws -> ViTConfiguration {
      try JSONDecoder().decode(ViTConfiguration.self, from: Data(text.utf8))
    }
    #expect(try read(json) == expected)
    expected.attnDropRate = 0
    #expect(older != json)
    #expect(try read(older) == expected)
    #expect(throws: DecodingError.self) { try read(json.replacing("\"depth\"", with: "\"deep\"")) }
  }
}
