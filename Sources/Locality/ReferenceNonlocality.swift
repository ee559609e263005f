import Autodiff
import ConViT

extension LocalityMeter {
  /// The non-locality that the published code logs, [layers][H]: every layer is fed the patch
  /// embedding of the images, without position embedding, normalisation or class token, whatever
  /// it receives in the model. To compare with published logs, and for nothing else. Layers without
  /// weights to look at are left out, as in a report.
  ///
  /// - Parameter images: [B, channels, height, width], averaged over.
  public func referenceNonlocality(_ images: Tensor) -> [[Double]] {
    let tape = Tape(weights)
    let embedded = model.patchEmbed(tape.constant(images))
    return model.blocks.compactMap { block in
      guard let weights = block.attn.attentionWeights(embedded)?.value else { return nil }
      var statistics = LayerStatistics(heads: block.attn.heads, patches: grid.count)
      statistics.add(weights, distances: distances)
      return statistics.heads.map(\.nonlocality.mean)
    }
  }
}
