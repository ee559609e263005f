import Autodiff
import ConViT
import Foundation
import Safetensors
import Testing

/// A file of Fixtures/, which README.md there describes.
func fixture(_ name: String) throws -> String {
  try #require(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: nil)).path
}

/// A model of a `gradients_*.safetensors` file with PyTorch's numbers.
struct GradientFixture {
  let configuration: ViTConfiguration
  let file: SafetensorsFile

  init(_ name: String) throws { try self.init(file: "gradients_\(name)") }

  init(file name: String) throws {
    file = try SafetensorsFile(contentsOf: try fixture("\(name).safetensors"))
    let text = try #require(file.metadata["config"])
    configuration = try JSONDecoder().decode(Config.self, from: Data(text.utf8)).configuration
  }

  func tensor(_ name: String) throws -> Tensor {
    Tensor(Shape(try #require(file.info(name)).shape), try file.floats(name))
  }

  /// PyTorch's weights, `param.<name>`, in our order.
  func weights(_ tree: ParameterTree, prefix: String = "param.") throws -> ParameterStore {
    ParameterStore(tree, try tree.names.map { try tensor(prefix + $0) })
  }

  private struct Config: Decodable {
    let image_size: [Int]
    let patch_size: Int, in_chans: Int, num_classes: Int, embed_dim: Int
    let depth: Int, heads: Int, local_up_to_layer: Int
    let mlp_ratio: Float
    let qkv_bias: Bool, use_pos_embed: Bool, distilled: Bool
    let gated: Bool?
    let pool: String, kind: String

    var configuration: ViTConfiguration {
      var c = ViTConfiguration(
        kind == "convit" ? .convit : .vit, patchSize: patch_size, embedDim: embed_dim, heads: heads)
      (c.imageHeight, c.imageWidth) = (image_size[0], image_size[1])
      (c.channels, c.classes, c.depth) = (in_chans, num_classes, depth)
      (c.mlpRatio, c.qkvBias, c.localUpToLayer) = (mlp_ratio, qkv_bias, local_up_to_layer)
      (c.usePosEmbed, c.isDistilled) = (use_pos_embed, distilled)
      c.isGated = gated ?? true
      c.pooling = pool == "avg" ? .average : .token
      return c
    }
  }
}
