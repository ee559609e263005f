import Autodiff

extension VisionTransformer {
  /// Head ablation: what some heads of a layer see is replaced before the projection by zeros, or
  /// by a `value` [H·D] such as its mean over images.
  ///
  /// ```swift
  /// let pass = Pass(isRecorded: false, edits: model.ablating(heads: [2], inLayer: 3))
  /// let logits = model(Tape(weights, pass).constant(images))
  /// ```
  public func ablating(heads: [Int], inLayer layer: Int, with value: Tensor? = nil) -> Edits {
    let count = headCount(ofLayer: layer, having: heads)
    return Edits(at: "blocks.\(layer).attn.heads") { seen in
      let (width, tape) = (seen.shape[-1], seen.tape)
      let isAblated = Tensor(
        [width], (0..<width).map { heads.contains($0 / (width / count)) ? 1 : 0 })
      let other = tape.constant(value ?? Tensor(repeating: 0, [width]))
      return .select(isAblated, other, else: seen)
    }
  }

  /// Attention knock-out (Geva et al. 2023, arXiv:2304.14767): tokens `queries` of some heads of a
  /// layer cannot look at tokens `keys`; the rest of a row is scaled to sum to 1. All heads, or all
  /// tokens, if nil. Of GPSA's weights that is after the gate.
  public func knockingOut(
    keys: [Int], from queries: [Int]? = nil, heads: [Int]? = nil, inLayer layer: Int
  ) -> Edits {
    let count = tokenCount(ofLayer: layer)
    checkPrecondition(
      (keys + (queries ?? [])).allSatisfy { 0..<count ~= $0 },
      "knockingOut: keys \(keys) and queries \(queries ?? []) of \(count) tokens, which are 0 "
        + "to \(count - 1)")
    return knockingOut(heads: heads, inLayer: layer) { query, key in
      keys.contains(key) && (queries?.contains(query) ?? true)
    }
  }

  /// Attention knock-out of all edges from a query to a key for which `isKnockedOut` is true.
  /// Tokens in front of the patches are counted first, then the patches, row by row. A query that
  /// has nothing left to look at sees nothing.
  ///
  /// ```swift
  /// let edits = model.knockingOut(inLayer: 2) { query, key in query == key }
  /// ```
  public func knockingOut(
    heads: [Int]? = nil, inLayer layer: Int, where isKnockedOut: (_ query: Int, _ key: Int) -> Bool
  ) -> Edits {
    knockingOut(edges(ofLayer: layer, where: isKnockedOut), heads: heads, inLayer: layer)
  }

  /// [1, N, N] for the tokens of a layer: 0 for edges that are knocked out, else 1.
  package func edges(
    ofLayer layer: Int, where isKnockedOut: (_ query: Int, _ key: Int) -> Bool
  ) -> Tensor {
    let tokens = 0..<tokenCount(ofLayer: layer)
    return Tensor(
      Shape(1, tokens.count, tokens.count),
      tokens.flatMap { query in tokens.map { isKnockedOut(query, $0) ? 0 : 1 } })
  }

  /// Keeps of the attention weights what `edges` [1, N, N] has.
  package func knockingOut(_ edges: Tensor, heads: [Int]?, inLayer layer: Int) -> Edits {
    let count = headCount(ofLayer: layer, having: heads ?? [])
    let isChosen = heads.map { heads in
      Tensor(Shape(count, 1, 1), (0..<count).map { heads.contains($0) ? 1 : 0 })
    }
    return Edits(at: "blocks.\(layer).attn.map") { map in
      let left = map * map.tape.constant(edges)
      let scaled = left / (left.sum(-1, keepingAxis: true) + .leastNormalMagnitude)
      return isChosen.map { .select($0, scaled, else: map) } ?? scaled
    }
  }

  private func tokenCount(ofLayer layer: Int) -> Int {
    configuration.grid.count + configuration.tokens(inLayer: layer)
  }

  /// The number of heads of a layer; ends the process if one of `heads` is not among them.
  private func headCount(ofLayer layer: Int, having heads: [Int]) -> Int {
    checkPrecondition(
      blocks.indices ~= layer,
      "VisionTransformer: layer \(layer) of \(blocks.count), which are 0 to \(blocks.count - 1)")
    let attention = blocks[layer].attn
    checkPrecondition(
      attention.projection != nil,
      "VisionTransformer: the attention of block \(layer), \(type(of: attention)), shows no heads "
        + "to change; Edits can change all that it adds, at 'blocks.\(layer).attn.added'")
    let count = attention.heads
    checkPrecondition(
      heads.allSatisfy { 0..<count ~= $0 },
      "VisionTransformer: heads \(heads) of \(count), which are 0 to \(count - 1)")
    return count
  }

  /// Logit lens (nostalgebraist 2020): what the head would say of each token if the model ended
  /// behind a block, [B, N, C] → [B, N, classes]; of the values at `blocks.*.output`. A head behind
  /// the pooling (`fcNorm`) reads each token as if it were the pooled one.
  public func logitLens(_ tokens: Variable) -> Variable {
    head((norm ?? fcNorm).map { $0(tokens) } ?? tokens)
  }
}
