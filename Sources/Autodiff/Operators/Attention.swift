import CKernels

extension Variable {
  /// Multi-head attention, with a gated positional part if `position` is given:
  ///
  ///     A = (1 − g_h) · softmax_j(scale · q_i · k_j + bias_hij) + g_h · position_hij
  ///     y_i = Σ_j A_ij · v_j
  ///
  /// - Parameters:
  ///   - q: queries [..., Nq, ≥ H·D].
  ///   - k: keys [..., Nk, ≥ H·D].
  ///   - v: values [..., Nk, ≥ H·E]; a head may have another size in them.
  ///   - bias: [H or 1, Nq, Nk], the latter for all heads. −∞ forbids a query to look at a key
  ///     (`Tensor.mask`); a query that may look at none has a softmax, and derivatives, of zeros.
  ///   - position: a map [H, Nq, Nk] whose rows sum to 1, and the gate [H] in 0 … 1.
  ///   - scale: 1 / √D if nil.
  ///   - dropRate: in training, how probable it is that an element of A is 0; the others are
  ///     scaled by 1 / (1 − rate).
  /// - Returns: [..., Nq, H·E].
  ///
  /// A head's scores exist one image at a time, [Nq, Nk] or, where that is large and there is no
  /// position, in tiles, and are computed anew for the derivative, so memory does not grow with the
  /// square of the sequence, but with a position for one head's scores. The plain composition of
  /// operators that this equals is in the tests.
  ///
  /// PyTorch equivalent: `scaled_dot_product_attention(q, k, v, attn_mask=bias)` on heads split by
  /// `view` and `transpose`; there is no gate.
  public static func attention(
    _ q: Heads, _ k: Heads, _ v: Heads, bias: Variable? = nil,
    position: (map: Variable, gate: Variable)? = nil, scale: Float? = nil, dropRate: Float = 0
  ) -> Variable {
    let scores = AttentionScores(q, k, bias: bias, position: position, scale: scale, "attention")
    checkPrecondition(
      v.count == k.count && v.tokens == k.tokens && v.leading == k.leading,
      "attention: keys \(k.text), values \(v.text)")
    let tape = q.projection.tape
    let dropout = AttentionDropout(dropRate, images: scores.batch, on: tape)
    let none = q.projection.detached()  // in the place of an input that is not there
    if position == nil, AttentionTiles.suit(queries: scores.nq, keys: scores.nk) {
      let tiles = AttentionTiles(
        scores: scores, v: v.columns, dropout: dropout, gradients: HeadGradients([q, k, v]))
      let kept = tiles.output(on: tape)
      return tape.operation(
        kept.y, of: [q.projection, k.projection, v.projection, bias ?? none], saving: (tiles, kept),
        as: .attention(TracedAttention(q, k, scores, values: v, hasDropout: dropout != nil))
      ) { saved, dy, inputs in saved.0.differentiate(dy, saved.1, &inputs) }
    }
    let call = AttentionCall(
      scores: scores, v: v.columns, dropout: dropout, gradients: HeadGradients([q, k, v]))
    return tape.operation(
      call.output(on: tape),
      of: [
        q.projection, k.projection, v.projection, bias ?? none, position?.map ?? none,
        position?.gate ?? none,
      ], saving: call,
      as: .attention(TracedAttention(q, k, scores, values: v, hasDropout: dropout != nil))
    ) { call, dy, inputs in call.differentiate(dy, &inputs) }
  }
}

/// An attention: what its weights are made of, and what they mix. Saved for the derivative.
private struct AttentionCall {
  let scores: AttentionScores
  let v: HeadColumns  // [..., Nk, ≥ H·E]
  let dropout: AttentionDropout?
  let gradients: HeadGradients<3>

  /// A · V of all heads side by side, [..., Nq, H·E].
  func output(on tape: Tape) -> Tensor {
    let (nk, width) = (scores.nk, scores.heads * v.size)
    let shape = scores.q.tensor.shape.replacing(-1, with: width)
    return Tensor(unsafeUninitialized: shape, evenIfDry: true) { y in
      scores.split(on: tape) { units, blocks in
        let most = (scores.nq + blocks - 1) / blocks
        var scratch = Tensor(unsafeUninitialized: Shape(most, nk))
        let a = scratch.mutablePointer()  // [rows, Nk]
        for unit in units {
          let rows = scores.rows(unit, blocks)
          scores.write(rows, into: a)
          if let kept = factors(rows) {
            ck_mul(a, a, kept.pointer + rows.first * nk, rows.count * nk)
          }
          Matrix.multiply(
            rows.count, v.size, nk, .init(a, nk), v.matrix(image: rows.image, head: rows.head),
            into: y + offset(rows), width, scores.precision, work: .attention)
        }
      }
    }
  }

  /// Carries dY to the inputs: dV = Aᵀ · dY, and dA = dY · Vᵀ to the scores (both A and dA times
  /// what dropout kept).
  func differentiate(_ dy: Tensor, _ inputs: inout Cotangents) {
    let (nq, nk, width) = (scores.nq, scores.nk, scores.heads * v.size)
    var sums = gradients.tensors([scores.q, scores.k, v])
    let out = gradients.pointers(&sums)
    var kept: Tensor?
    scores.differentiate(into: &inputs, bias: 3, out[0], out[1]) { rows, da in
      let dy = Matrix(dy.pointer + offset(rows), width)  // [Nq, E]
      let v = v.matrix(image: rows.image, head: rows.head)
      Matrix.multiply(
        nq, nk, self.v.size, dy, v.transposed, into: da, nk, scores.precision, work: .attention)
      kept = factors(rows)
      if let kept { ck_mul(da, da, kept.pointer, nq * nk) }
    } then: { rows, a in
      if let kept { ck_mul(a, a, kept.pointer, nq * nk) }
      Matrix.multiply(
        nk, v.size, nq, .init(a, nk).transposed, .init(dy.pointer + offset(rows), width),
        into: out[2] + v.offset(image: rows.image, head: rows.head), v.stride, scores.precision,
        work: .attention)
    }
    gradients.add(sums, to: &inputs)
  }

  /// What dropout multiplies A of a head with, [Nq, Nk].
  private func factors(_ rows: AttentionScores.Rows) -> Tensor? {
    dropout?.factors(image: rows.image, head: rows.head, scores.nq, scores.nk)
  }

  private func offset(_ rows: AttentionScores.Rows) -> Int {
    (rows.image * scores.nq + rows.first) * scores.heads * v.size + rows.head * v.size
  }
}
