import CKernels

extension Variable {
  /// The weights A of ``attention(_:_:_:heads:width:scale:position:)``, which does not keep them:
  /// queries [B, Nq, ≥ H·D] and keys [B, Nk, ≥ H·D] → [B, H, Nq, Nk], rows that sum to 1.
  ///
  /// A value without derivative, to look at.
  public static func attentionMap(
    _ queries: HeadColumns, _ keys: HeadColumns, heads: Int, width: Int, scale: Float,
    position: (map: Variable, gate: Variable)? = nil
  ) -> Tensor {
    let (q, k) = (queries.projection.value, keys.projection.value)
    checkPrecondition(
      q.shape.rank == 3 && k.shape.rank == 3 && q.shape[0] == k.shape[0] && width % heads == 0,
      "attentionMap: queries \(q.shape), keys \(k.shape), \(heads) heads in \(width)")
    let (batch, nq, nk, d) = (q.shape[0], q.shape[1], k.shape[1], width / heads)
    let (map, gate) = (position?.map.value, position?.gate.value)
    checkPrecondition(
      map.map { $0.shape == [heads, nq, nk] } ?? true,
      "attentionMap: position \(map!.shape) for \(heads) heads over \(nq) × \(nk) tokens")
    return Tensor(unsafeUninitialized: [batch, heads, nq, nk]) { out in
      for unit in 0..<batch * heads {
        let (b, h, a) = (unit / heads, unit % heads, out + unit * nq * nk)
        let atQ = b * nq * q.shape[2] + queries.first + h * d
        let atK = b * nk * k.shape[2] + keys.first + h * d
        Matrix.multiply(
          nq, nk, d, .init(q.pointer + atQ, q.shape[2]),
          .init(k.pointer + atK, k.shape[2]).transposed, into: a, nk,
          queries.projection.tape.pass.precision, work: .attention)
        WorkMeter.measure(.softmax) {
          ck_gated_softmax(
            a, a, scale, map.map { $0.pointer + h * nq * nk }, gate?.pointer[h] ?? 0, nq, nk)
        }
      }
    }
  }
}
