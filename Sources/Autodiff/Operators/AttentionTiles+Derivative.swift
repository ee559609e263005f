import CKernels

extension AttentionTiles {
  /// Carries dY to the inputs, a tile of keys after the other:
  ///
  ///     dV = Aᵀ · dY;  dP = (dY · Vᵀ) ∘ dropout;  dS = P · (dP − δ),  δ = Σ_j P · dP = Σ dY · Y
  ///     dQ = scale · dS · K;  dK = scale · dSᵀ · Q;  dbias = Σ_images dS
  func differentiate(_ dy: Tensor, _ kept: Kept, _ inputs: inout Cotangents) {
    var sums = gradients.tensors([scores.q, scores.k, v])
    let out = gradients.pointers(&sums)
    var dbias = inputs.isNeeded(3) ? scores.bias.map { Tensor(repeating: 0, $0.shape) } : nil
    let atBias = dbias?.mutablePointer()
    var scratch = Tensor(unsafeUninitialized: Shape(2, Self.queries, Self.keys))
    var delta = Tensor(unsafeUninitialized: Shape(scores.nq))
    let (tile, atDelta) = (scratch.mutablePointer(), delta.mutablePointer())
    for head in 0..<scores.heads {
      for image in 0..<scores.batch {
        let head = Head(
          image: image, head: head, dy: dy.pointer + offset(image, head),
          largest: kept.largest.pointer + row(image, head),
          inverse: kept.inverse.pointer + row(image, head), delta: atDelta,
          dq: out[0] + scores.q.offset(image: image, head: head),
          dk: out[1] + scores.k.offset(image: image, head: head),
          dv: out[2] + v.offset(image: image, head: head),
          dbias: atBias.map { $0 + scores.biasOffset(head) })
        if !DryRun.isOn { writeDelta(head, kept.y.pointer + offset(image, head.head)) }
        for keys in Self.parts(0..<scores.nk, atMost: Self.keys) {
          differentiate(head, keys, tile, tile + Self.queries * Self.keys)
        }
      }
    }
    gradients.add(sums, to: &inputs)
    if let dbias { inputs.add(dbias, to: 3) }
  }

  /// A head of an image: what is known of it, and where its derivatives go.
  private struct Head {
    let (image, head): (Int, Int)
    let dy: UnsafePointer<Float>
    let (largest, inverse): (UnsafePointer<Float>, UnsafePointer<Float>)
    let delta: UnsafeMutablePointer<Float>
    let (dq, dk, dv):
      (
        UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>
      )
    let dbias: UnsafeMutablePointer<Float>?
  }

  private func writeDelta(_ head: Head, _ y: UnsafePointer<Float>) {
    for row in 0..<scores.nq {
      head.delta[row] = ck_dot(head.dy + row * width, y + row * width, v.size)
    }
  }

  /// The part of some keys in all derivatives, in tiles P, then A, and dP, then dS.
  private func differentiate(
    _ head: Head, _ keys: Range<Int>, _ p: UnsafeMutablePointer<Float>,
    _ dp: UnsafeMutablePointer<Float>
  ) {
    let (first, count, precision) = (keys.lowerBound, keys.count, scores.precision)
    let k = scores.k.matrix(image: head.image, head: head.head, token: first)
    let v = self.v.matrix(image: head.image, head: head.head, token: first)
    let kTransposed = PackedMatrix(k.transposed, scores.k.size, count, precision)
    let vTransposed = PackedMatrix(v.transposed, self.v.size, count, precision)
    let kPacked = PackedMatrix(k, count, scores.k.size, precision)
    for queries in queryTiles(0..<scores.nq) {
      let (row, rows) = (queries.lowerBound, queries.count)
      let q = self.queries(head.image, head.head, from: row)
      let dy = Matrix(head.dy + row * width, width)
      let beta: Float = row == 0 ? 0 : 1
      kTransposed.multiply(rows, q, into: p, count, work: .attention)
      vTransposed.multiply(rows, dy, into: dp, count, work: .attention)
      let kept =
        DryRun.isOn ? nil : dropout?.factors(image: head.image, head: head.head, queries, keys)
      if let kept { ck_mul(dp, dp, kept.pointer, kept.count) }
      WorkMeter.measureKernel(.softmax) {
        ck_softmax_block_backward(
          p, dp, head.dbias.map { $0 + row * scores.nk + first }, head.largest + row,
          head.inverse + row, head.delta + row, scores.scale, scores.bias(head.head, row, first),
          scores.nk, rows, count)
      }
      if let kept { ck_mul(p, p, kept.pointer, kept.count) }
      let (a, ds) = (Matrix(p, count), Matrix(dp, count))
      Matrix.multiply(
        count, self.v.size, rows, a.transposed, dy, beta: beta,
        into: head.dv + first * self.v.stride,
        self.v.stride, precision, work: .attention)
      Matrix.multiply(
        count, scores.k.size, rows, ds.transposed, q, beta: beta,
        into: head.dk + first * scores.k.stride, scores.k.stride, precision, work: .attention)
      kPacked.multiply(
        rows, ds, beta: first == 0 ? 0 : 1, into: head.dq + row * scores.q.stride, scores.q.stride,
        work: .attention)
    }
  }
}
