import Autodiff
import Foundation
import Testing

@testable import ConViT

/// Blocks with heads and hidden units of their own.
@Suite struct BlockShapeTests {
  /// Rows of the heads that are kept, of each of the `parts` of a projection.
  private func kept(_ weight: Tensor, _ heads: [Int], size: Int, parts: Int = 1) -> Tensor {
    let width = weight.shape[0] / parts
    return Tensor.concatenated(
      (0..<parts).flatMap { part in
        heads.map { weight.sliced(0, part * width + $0 * size..<part * width + ($0 + 1) * size) }
      }, 0)
  }

  private func columns(_ weight: Tensor, _ heads: [Int], size: Int) -> Tensor {
    Tensor.concatenated(heads.map { weight.sliced(1, $0 * size..<($0 + 1) * size) }, 1)
  }

  /// Heads 0 and 2 of three are what is left where the columns of head 1 are zero.
  private func expectLess(
    _ whole: any Attention, _ less: any Attention, _ weights: ParameterStore,
    _ own: ParameterStore, proj: Linear, tokens: Int
  ) throws {
    var weights = weights
    var zeroed = weights[proj.weight]
    zeroed.withUnsafeMutableBufferPointer { values in
      for row in 0..<12 { for column in 4..<8 { values[12 * row + column] = 0 } }
    }
    weights[proj.weight] = zeroed
    let x = Tensor([2, tokens, 12], (0..<24 * tokens).map { Float(($0 * 37) % 23) / 11 - 1 })
    let all = whole(Tape(weights).constant(x)).value
    let some = less(Tape(own).constant(x)).value
    #expect(some.shape == all.shape)
    #expect(zip(all.elements, some.elements).allSatisfy { abs($0 - $1) < 1e-6 })
    let maps = try #require(whole.attentionWeights(Tape(weights).constant(x))).value
    let left = try #require(less.attentionWeights(Tape(own).constant(x))).value
    #expect(left.shape == [2, 2, tokens, tokens])
    let expected = Tensor.concatenated([0, 2].map { maps.sliced(1, $0..<$0 + 1) }, 1)
    #expect(zip(expected.elements, left.elements).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func selfAttentionOfSomeHeads() throws {
    let whole = MHSA(dim: 12, heads: 3, qkvBias: true)
    let less = MHSA(dim: 12, heads: 2, headDim: 4, qkvBias: true)
    let weights = ParameterStore(whole, seed: 1)
    var own = ParameterStore(less, seed: 2)
    own[less.qkv.weight] = kept(weights[whole.qkv.weight], [0, 2], size: 4, parts: 3)
    own[less.proj.weight] = columns(weights[whole.proj.weight], [0, 2], size: 4)
    try expectLess(whole, less, weights, own, proj: whole.proj, tokens: 5)
  }

  @Test func gatedAttentionOfSomeHeads() throws {
    let grid = PatchGrid(rows: 2, columns: 3)
    let whole = GPSA(dim: 12, heads: 3, grid: grid, start: .random)
    let less = GPSA(dim: 12, heads: 2, headDim: 4, grid: grid, start: .random)
    let weights = ParameterStore(whole, seed: 1)
    var own = ParameterStore(less, seed: 2)
    own[less.qk.weight] = kept(weights[whole.qk.weight], [0, 2], size: 4, parts: 2)
    own[less.v.weight] = kept(weights[whole.v.weight], [0, 2], size: 4)
    own[less.posProj.weight] = kept(weights[whole.posProj.weight], [0, 2], size: 1)
    own[less.proj.weight] = columns(weights[whole.proj.weight], [0, 2], size: 4)
    try expectLess(whole, less, weights, own, proj: whole.proj, tokens: 6)
  }

  private var uneven: ViTConfiguration {
    var c = ViTConfiguration(.convit, imageSize: 8, patchSize: 4, embedDim: 12, heads: 4)
    (c.depth, c.localUpToLayer, c.classes, c.headDim) = (3, 2, 5, 5)
    (c.headsByLayer, c.hiddenDimByLayer) = ([4, 1, 2], [7, 30, 1])
    return c
  }

  /// The numbers of each block, by the formula; saved, the model reads itself back.
  @Test func modelsOfUnevenBlocks() throws {
    let model = try VisionTransformer(uneven)
    for (layer, block) in model.blocks.enumerated() {
      let (width, hidden) = ([4, 1, 2][layer] * 5, [7, 30, 1][layer])
      #expect(block.attn.heads == [4, 1, 2][layer])
      var count = 3 * 12 * width + 12 * width + 12 + 12 * hidden + hidden + 12 * hidden + 12 + 48
      if layer < 2 { count += 5 * block.attn.heads }  // positions, their bias, gates
      #expect(ParameterTree(block).elementCount == count)
    }
    let weights = ParameterStore(model, seed: 0)
    let path = NSTemporaryDirectory() + UUID().uuidString
    defer { unlink(path) }
    try SavedModel(model, weights).write(to: path)
    let read = try SavedModel(contentsOf: path)
    #expect(try read.transformer.configuration == uneven)
    let images = Tensor([2, 3, 8, 8], (0..<384).map { Float($0 % 17) / 9 - 1 })
    let logits = model(Tape(weights, .inference).constant(images)).value
    let again = try read.transformer(Tape(read.weights, .inference).constant(images)).value
    #expect(logits == again)
    #expect(uneven.presetName == nil && uneven.headsText == "1 to 4")
    var even = uneven
    even.headsByLayer = [4, 4, 4]
    #expect(uneven.difference(from: even)?.contains("heads by layer 4,1,2, not 4,4,4") == true)
  }

  @Test func whatIsNoModelIsNamed() {
    func fault(_ change: (inout ViTConfiguration) -> Void) -> String {
      var c = uneven
      change(&c)
      do { try c.validate() } catch { return error.message }
      return "none"
    }
    #expect(
      fault { $0.headsByLayer = [4, 1] } == "the heads by layer are 2, and there are 3 blocks")
    #expect(fault { $0.headsByLayer = [2, 1, 2] }.contains("at most 2, and the model has 4"))
    #expect(fault { $0.hiddenDimByLayer = [7, 0, 1] }.contains("must be 1 to 1048576, found 0"))
    #expect(fault { $0.headDim = 0 }.contains("the features of a head must be 1 to 4096, found 0"))
    #expect(fault { _ in } == "none")
  }
}
