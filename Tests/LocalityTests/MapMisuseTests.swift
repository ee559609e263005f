import Autodiff
import ConViT
import Locality
import Testing

/// What is not there of an image's maps ends the process, and is named.
@Suite struct MapMisuseTests {
  struct Mistake: Sendable {
    let says: String
    let make: @Sendable (AttentionMaps) -> Void
  }

  private static func model() throws -> VisionTransformer {
    var c = ViTConfiguration(.convit, imageSize: 8, patchSize: 4, embedDim: 8, heads: 2)
    (c.depth, c.localUpToLayer) = (2, 1)
    return try VisionTransformer(c)
  }

  private static func maps(of model: VisionTransformer) -> AttentionMaps {
    AttentionMaps(
      model, FrozenWeights(ParameterStore(model, seed: 0)),
      image: Tensor(repeating: 0.5, [1, 3, 8, 8]))
  }

  static let mistakes: [Mistake] = [
    Mistake(says: "no head 2 in layer 0, there are 2, counted from 0") {
      _ = $0.row(layer: 0, head: 2, query: 0)
    },
    Mistake(says: "no head -1 in layer 1") { _ = $0.row(layer: 1, head: -1, query: 0) },
    Mistake(says: "no layer 2, there are 2, counted from 0") {
      _ = $0.row(layer: 2, head: 0, query: 0)
    },
    Mistake(says: "no layer -1") { _ = $0.tokens(layer: -1) },
    Mistake(says: "no query 4 in layer 0, there are 0 to 3") {
      _ = $0.row(layer: 0, head: 0, query: 4)
    },
    Mistake(says: "no query -1 in layer 0, there are 0 to 3") {
      _ = $0.row(layer: 0, head: 0, query: -1)
    },
    Mistake(says: "no query -2 in layer 1, there are -1 to 3") { _ = $0.rollout(query: -2) },
    Mistake(says: "no layer 2, there are 2") { _ = $0.rollout(query: 0, through: 2) },
  ]

  @Test(arguments: mistakes.indices) func isNamed(_ index: Int) async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) { [index] in Self.mistakes[index].make(Self.maps(of: try Self.model())) }
    let words = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(words.contains(Self.mistakes[index].says), "\(words)")
  }

  /// Layers whose attention gives no map are named.
  @Test func anAttentionWithoutMaps() async throws {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      struct Mixing: Attention {
        let value = Linear(8, 8)
        func callAsFunction(_ x: Variable) -> Variable { value(x) }
      }
      var model = try Self.model()
      model.blocks[1].attn = Mixing()
      _ = Self.maps(of: model)
    }
    let words = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(words.contains("AttentionMaps: the attention of layers [1] gives no map"), "\(words)")
  }
}
