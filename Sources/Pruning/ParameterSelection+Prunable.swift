import Autodiff

extension ParameterSelection {
  /// The weights that pruning may remove: the matrices of attention and of MLPs, and what else has
  /// the kind `.weight` in a model of one's own. Never biases, normalisations, embeddings, GPSA's
  /// positions (`pos_proj`) and gates.
  ///
  /// - Parameters:
  ///   - patchEmbedding: whether the weights that make patches belong to them, too.
  ///   - head: whether those of the heads do.
  public static func prunable(
    patchEmbedding: Bool = false, head: Bool = false
  ) -> ParameterSelection {
    let layers = ParameterSelection.kind(.weight) && ParameterSelection.matrices
    let inside = patchEmbedding ? layers : layers && !ParameterSelection.named("patch_embed.*")
    return head ? inside || (ParameterSelection.kind(.head) && .matrices) : inside
  }
}
