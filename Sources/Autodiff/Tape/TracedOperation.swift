/// What an operator computes of its inputs, with all that the inputs do not say.
///
/// Shapes that an operator was given are those of its value.
package enum TracedOperation: Hashable, Sendable {
  case add, subtract, multiply, divide
  /// factor · x
  case scale(Float)
  /// x + number
  case shift(Float)
  case exp, log, squareRoot, squared, sigmoid, tanh, relu, gelu
  /// x, weight and perhaps bias.
  case linear
  /// GELU of x, weight, bias.
  case linearGELU
  /// x, weight, bias onto a residual.
  case linearOntoResidual
  /// x, weight, bias.
  case layerNorm(epsilon: Float)
  case matmul(transposingFirst: Bool, transposingSecond: Bool)
  case softmax(scale: Float)
  case logSoftmax
  /// The sum along an axis, which stays or goes as the value's shape says; of all elements if nil.
  case sum(axis: Int?)
  case max(axis: Int)
  case reshape, broadcast
  /// Axis k of the value is axis `order[k]` of the input.
  case permute([Int])
  case slice(axis: Int, Range<Int>)
  case concatenate(axis: Int)
  case gather(axis: Int, [Int])
  case patches(PatchWindow)
  /// The projections of queries, keys and values, bias, map of positions and gate.
  case attention(TracedAttention)
  /// The projections of queries and keys, bias, map of positions and gate.
  case attentionWeights(TracedAttention)
  /// The values' projection, content, map of the rows, map of the columns and gate.
  case blend(values: TracedHeads)
  /// An operator for training, or of somebody's own: known by its name alone.
  case other
}

/// The columns of all heads in a projection, as `Heads` has them.
package struct TracedHeads: Hashable, Sendable {
  package let first, count, size: Int

  init(_ heads: Heads) { (first, count, size) = (heads.first, heads.count, heads.size) }

  /// The heads of a projection.
  package func heads(of projection: Variable) -> Heads {
    Heads(projection, from: first, count: count, size: size)
  }
}

/// What the inputs of an attention do not say. In the places of a bias and a position that are not
/// there stand tensors without meaning.
package struct TracedAttention: Hashable, Sendable {
  package let queries, keys: TracedHeads
  package let values: TracedHeads?  // of an attention, not of its weights
  package let scale: Float
  package let hasBias, hasPosition, hasDropout: Bool

  init(
    _ queries: Heads, _ keys: Heads, _ scores: AttentionScores, values: Heads? = nil,
    hasDropout: Bool = false
  ) {
    (self.queries, self.keys) = (TracedHeads(queries), TracedHeads(keys))
    (self.values, scale) = (values.map { TracedHeads($0) }, scores.scale)
    (hasBias, hasPosition) = (scores.bias != nil, scores.position != nil)
    self.hasDropout = hasDropout
  }
}
