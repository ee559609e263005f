import Autodiff
import ConViT
import Foundation
import Testing

/// The presets against timm's models: names, shapes, counts and how they start.
@Suite struct PresetTests {
  struct Reference: Decodable {
    struct Model: Decodable {
      let parameters: Int
      let multiply_adds: Int
      let shapes: [Entry]
    }
    struct Plus: Decodable { let parameters: Int }
    struct Statistics: Decodable { let mean, std, min, max: Double }
    struct Rows: Decodable {
      let heads: Int
      let locality_strength: Float
      let rows: [[Float]]
    }
    struct Entry: Decodable {
      let name: String
      let shape: [Int]
      init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        name = try container.decode(String.self)
        shape = try container.decode([Int].self)
      }
    }
    let presets: [String: Model]
    let plus: [String: Plus]
    let statistics: [String: [String: Statistics]]
    let pos_proj: [Rows]
  }

  let reference: Reference

  init() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: try fixture("presets.json")))
    reference = try JSONDecoder().decode(Reference.self, from: data)
  }

  @Test func namesAndShapesAreThePublishedOnes() throws {
    #expect(reference.presets.count == 9)
    for (name, theirs) in reference.presets {
      let tree = ParameterTree(try VisionTransformer(try .preset(of: name)))
      #expect(tree.elementCount == theirs.parameters, "\(name)")
      let ours = zip(tree.names, tree.parameters).map { "\($0) \($1.shape.sizes)" }
      #expect(Set(ours) == Set(theirs.shapes.map { "\($0.name) \($0.shape)" }), "\(name)")
      #expect(ours.count == theirs.shapes.count)
    }
  }

  @Test func plusFormsHaveThePublishedNumberOfParameters() throws {
    for (name, theirs) in reference.plus {
      #expect(
        try ParameterTree(VisionTransformer(.preset(of: name))).elementCount == theirs.parameters)
      let short = name.replacingOccurrences(of: "_plus", with: "+")
      #expect(ViTConfiguration.preset(short) == ViTConfiguration.preset(name))
    }
    #expect(
      Set(ViTConfiguration.presetNames).isSuperset(of: reference.presets.keys)
        && Set(ViTConfiguration.presetNames).isSuperset(of: reference.plus.keys))
  }

  /// timm's count has the positional scores of each image as well (3 · H · N² a GPSA layer), which
  /// ours leaves out, as they are the same for all images.
  @Test func costIsTimms() throws {
    for (name, theirs) in reference.presets {
      let c = try ViTConfiguration.preset(of: name)
      let position = c.localUpToLayer * 3 * c.heads * c.grid.count * c.grid.count
      #expect(try VisionTransformer(c).multiplyAdds + position == theirs.multiply_adds, "\(name)")
    }
  }

  /// timm starts DeiT's class token with σ = 1e-6; its authors, and we, with 0.02.
  @Test func startsLikeTimm() throws {
    for name in ["convit_tiny", "deit_tiny_patch16_224"] {
      let weights = ParameterStore(try VisionTransformer(try .preset(of: name)), seed: 3)
      for (key, theirs) in try #require(reference.statistics[name]) where key != "cls_token" {
        let ours = try #require(weights[key]).elements.map(Double.init)
        let mean = ours.reduce(0, +) / Double(ours.count)
        let deviation =
          (ours.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(ours.count)).squareRoot()
        // Five standard errors of two samples of this size, drawn independently.
        let error = 5 * theirs.std * (2 / Double(ours.count)).squareRoot()
        #expect(abs(mean - theirs.mean) <= error + 1e-7, "\(name) \(key) mean")
        #expect(abs(deviation - theirs.std) <= error + 1e-7, "\(name) \(key) deviation")
      }
    }
  }

  @Test func convolutionalStartIsTimms() throws {
    let grid = PatchGrid(rows: 4, columns: 4)
    for theirs in reference.pos_proj {
      let gpsa = GPSA(
        dim: 4 * theirs.heads, heads: theirs.heads, grid: grid,
        start: .convolutional(strength: theirs.locality_strength))
      let weights = ParameterStore(gpsa, seed: 0)
      let ours = weights[gpsa.posProj.weight].elements
      let square = Int(Double(theirs.heads).squareRoot())
      let count = 3 * square * square  // heads beyond the square are random
      #expect(ours.prefix(count) == theirs.rows.flatMap(\.self).prefix(count))
      #expect(weights[gpsa.v.weight][1, 1] == 1 && weights[gpsa.v.weight][1, 2] == 0)
      #expect(weights[gpsa.gatingParam].elements == Array(repeating: 1, count: theirs.heads))
    }
  }
}
