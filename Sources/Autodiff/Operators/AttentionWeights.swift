extension Variable {
  /// The weights A of ``attention(_:_:_:bias:position:scale:dropRate:)``, which does not keep them,
  /// to look at: queries [..., Nq, ≥ H·D] and keys [..., Nk, ≥ H·D] → [..., H, Nq, Nk].
  ///
  /// They are recorded like any value, so that derivatives go through them; A · V is what attention
  /// returns, without dropout. Rows sum to 1, but those of queries that may look at nothing.
  public static func attentionWeights(
    _ q: Heads, _ k: Heads, bias: Variable? = nil,
    position: (map: Variable, gate: Variable)? = nil, scale: Float? = nil
  ) -> Variable {
    let scores = AttentionScores(
      q, k, bias: bias, position: position, scale: scale, "attentionWeights")
    let (tape, none) = (q.projection.tape, q.projection.detached())
    return tape.operation(
      scores.weights(on: tape),
      of: [
        q.projection, k.projection, bias ?? none, position?.map ?? none, position?.gate ?? none,
      ], saving: (scores, HeadGradients([q, k])),
      as: .attentionWeights(TracedAttention(q, k, scores))
    ) { saved, da, inputs in saved.0.differentiate(da, saved.1, &inputs) }
  }
}

extension AttentionScores {
  /// A of all heads, [..., H, Nq, Nk].
  fileprivate func weights(on tape: Tape) -> Tensor {
    var shape = q.tensor.shape.prefix(q.tensor.shape.rank - 2)
    shape.append(heads)
    shape.append(nq)
    shape.append(nk)
    return Tensor(unsafeUninitialized: shape, evenIfDry: true) { out in
      split(on: tape) { units, blocks in
        for unit in units {
          let rows = rows(unit, blocks)
          write(rows, into: out + offset(rows))
        }
      }
    }
  }

  fileprivate func differentiate(
    _ da: Tensor, _ gradients: HeadGradients<2>, _ inputs: inout Cotangents
  ) {
    var sums = gradients.tensors([q, k])
    let out = gradients.pointers(&sums)
    differentiate(into: &inputs, bias: 2, out[0], out[1]) { rows, copy in
      copy.update(from: da.pointer + offset(rows), count: nq * nk)
    } then: { _, _ in
    }
    gradients.add(sums, to: &inputs)
  }

  private func offset(_ rows: Rows) -> Int {
    ((rows.image * heads + rows.head) * nq + rows.first) * nk
  }
}
