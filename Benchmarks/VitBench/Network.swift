import Autodiff
import ConViT
import Foundation

/// A network of Auto-Prox's files of measured accuracies (Wei et al., AAAI 2024).
struct Network: Decodable {
  /// AutoFormer-Ti: a plain ViT with its own MLP ratio and heads in each layer, or PiT.
  struct Architecture: Decodable {
    let width: Int
    let ratios: [Double]
    let depths: [Int]
    let heads: [Int]
    let isPiT: Bool

    private enum Keys: String, CodingKey { case hidden_dim, base_dim, mlp_ratio, depth, num_heads }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: Keys.self)
      isPiT = values.contains(.base_dim)
      heads = try values.decode([Int].self, forKey: .num_heads)
      if isPiT {
        width = try values.decode(Int.self, forKey: .base_dim)
        depths = try values.decode([Int].self, forKey: .depth)
        ratios = [try values.decode(Double.self, forKey: .mlp_ratio)]
      } else {
        width = try values.decode(Int.self, forKey: .hidden_dim)
        depths = [try values.decode(Int.self, forKey: .depth)]
        ratios = try values.decode([Double].self, forKey: .mlp_ratio)
      }
    }

    /// The parameters of the blocks, without biases and norms.
    var size: Double {
      func block(_ width: Double, _ ratio: Double) -> Double { width * width * (4 + 2 * ratio) }
      guard isPiT else { return ratios.reduce(0) { $0 + block(Double(width), $1) } }
      return zip(depths, heads).reduce(0) {
        $0 + Double($1.0) * block(Double(width * $1.1), ratios[0])
      }
    }

    /// Size, depth, width, ratio and heads, as numbers that a regression takes.
    var features: [Double] {
      func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
      return [
        log(size), Double(depths.reduce(0, +)), Double(width), mean(ratios),
        mean(heads.map(Double.init)),
      ] + (isPiT ? depths.map(Double.init) + heads.map(Double.init) : [])
    }

    /// AutoFormer's network for images of 224 × 224 pixels, with mean pooling before the head.
    func model(classes: Int) throws -> VisionTransformer {
      var c = ViTConfiguration(.vit, embedDim: width, heads: heads[0])
      (c.depth, c.classes, c.pooling) = (depths[0], classes, .average)
      var model = try VisionTransformer(c)
      for layer in model.blocks.indices {
        model.blocks[layer].attn = MHSA(dim: width, heads: heads[layer], qkvBias: true)
        model.blocks[layer].mlp = MLP(width, hidden: Int(Double(width) * ratios[layer]))
      }
      return model
    }
  }

  let arch: Architecture
  /// By task: `c100_base_acc`; none where it was not trained.
  let accuracies: [String: Double]

  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: AnyKey.self)
    var (arch, accuracies): (Architecture?, [String: Double]) = (nil, [:])
    for key in values.allKeys {
      if key.stringValue == "arch" {
        arch = try values.decode(Architecture.self, forKey: key)
      } else {
        accuracies[key.stringValue] = try values.decodeIfPresent(Double.self, forKey: key)
      }
    }
    guard let arch else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: [], debugDescription: "a network without arch"))
    }
    (self.arch, self.accuracies) = (arch, accuracies)
  }

  static func all(in path: String) throws -> [Network] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    return try JSONDecoder().decode([Network].self, from: data)
  }
}
