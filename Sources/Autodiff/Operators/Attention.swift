import CKernels

/// The queries, keys or values of all heads: the columns `first ..< first + heads · D` of a
/// projection [..., N, width].
public struct HeadColumns {
  /// The projection.
  public let projection: Variable
  /// The column at which they start.
  public let first: Int

  /// Columns of a projection from `first` on.
  public init(_ projection: Variable, from first: Int = 0) {
    self.projection = projection
    self.first = first
  }
}

extension Variable {
  /// Multi-head attention, with a gated positional part if `position` is given:
  ///
  ///     A = (1 − g_h) · softmax_j(q_i · k_j · scale) + g_h · position_hij;  y_i = Σ_j A_ij · v_j
  ///
  /// - Parameters:
  ///   - queries: [..., Nq, ≥ H·D]; one head's columns after the other's.
  ///   - keys, values: [..., Nk, ≥ H·D].
  ///   - position: a map [H, Nq, Nk] whose rows sum to 1, and the gate [H] in 0 … 1.
  ///   - dropRate: in training, how probable it is that an element of A is 0; the others are
  ///     scaled by 1 / (1 − rate).
  /// - Returns: [..., Nq, H·D].
  ///
  /// A head's scores [Nq, Nk] exist one image at a time, and are computed anew for the derivative,
  /// so memory does not grow with the square of the sequence. The plain composition of operators
  /// that this equals is in the tests.
  ///
  /// Columns may be shared (queries that are also keys), and others may be left unused.
  public static func attention(
    _ queries: HeadColumns, _ keys: HeadColumns, _ values: HeadColumns, heads: Int, width: Int,
    scale: Float, position: (map: Variable, gate: Variable)? = nil, dropRate: Float = 0
  ) -> Variable {
    let (q, k, v) = (queries.projection.value, keys.projection.value, values.projection.value)
    let geometry = AttentionGeometry(
      queries: q.shape, keys: k.shape, values: v.shape, heads: heads, width: width)
    precondition(
      position.map {
        $0.map.shape == [heads, geometry.nq, geometry.nk] && $0.gate.shape == [heads]
      }
        ?? true,
      "attention: position \(position!.map.shape), gate \(position!.gate.shape) for \(geometry)")
    let map = position?.map.value
    let gate = position?.gate.value
    let columns = (q: queries.first, k: keys.first, v: values.first)
    for part in [queries, keys, values] {
      precondition(
        part.first >= 0 && part.first + width <= part.projection.shape[-1],
        "attention: columns \(part.first) ..< \(part.first + width) of \(part.projection.shape)")
    }
    let dropout = AttentionDropout(dropRate, images: geometry.batch, on: queries.projection.tape)
    let output = geometry.forward(
      q, k, v, columns, scale, map, gate, dropout, on: queries.projection.tape)

    // One gradient tensor for each distinct projection (MHSA has one, GPSA two), of which every
    // part writes its own columns; parts that share columns have one each, and these are added.
    var distinct: [(projection: Variable, starts: [Int])] = []
    let owner = [queries, keys, values].map { part in
      let place = distinct.firstIndex {
        $0.projection.node == part.projection.node && $0.projection.node != nil
          && $0.starts.allSatisfy { abs($0 - part.first) >= width }
      }
      if let place {
        distinct[place].starts.append(part.first)
        return place
      }
      distinct.append((part.projection, [part.first]))
      return distinct.count - 1
    }
    let shapes = distinct.map(\.projection.shape)
    let isCovered = distinct.map { $0.starts.count * width == $0.projection.shape[-1] }
    let inputs = distinct.map(\.projection) + (position.map { [$0.map, $0.gate] } ?? [])
    return queries.projection.tape.operation(output, of: inputs) { dy, inputs in
      var gradients = zip(shapes, isCovered).map {
        $1 ? Tensor(unsafeUninitialized: $0) : Tensor(repeating: 0, $0)
      }
      let pointers = gradients.indices.map { gradients[$0].mutablePointer() }
      var dmap = map.map { Tensor(repeating: 0, $0.shape) }
      let dgate = geometry.backward(
        q, k, v, columns, scale, map, gate, dropout, dy,
        (pointers[owner[0]], pointers[owner[1]], pointers[owner[2]]), dmap?.mutablePointer())
      for (index, gradient) in gradients.enumerated() { inputs.add(gradient, to: index) }
      guard let dmap else { return }
      inputs.add(dmap, to: shapes.count)
      inputs.add(Tensor([heads], dgate), to: shapes.count + 1)
    }
  }
}

/// The sizes of an attention, and its loops over images and heads.
private struct AttentionGeometry: CustomStringConvertible {
  let (batch, heads, nq, nk, d): (Int, Int, Int, Int, Int)
  let strides: (q: Int, k: Int, v: Int)  // elements between two tokens of a projection
  let outputShape: Shape

  init(queries: Shape, keys: Shape, values: Shape, heads: Int, width: Int) {
    precondition(
      queries.rank >= 2 && keys.sizes.dropLast() == values.sizes.dropLast()
        && keys.sizes.dropLast(2) == queries.sizes.dropLast(2) && width % heads == 0,
      "attention: queries \(queries), keys \(keys), values \(values), \(heads) heads in \(width)")
    (nq, nk, d) = (queries[-2], keys[-2], width / heads)
    batch = queries.sizes.dropLast(2).reduce(1, *)
    self.heads = heads
    strides = (queries[-1], keys[-1], values[-1])
    outputShape = queries.replacing(-1, with: width)
  }

  var description: String { "\(heads) heads of \(d) over \(nq) × \(nk) tokens" }
  private var width: Int { heads * d }

  func forward(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, _ columns: (q: Int, k: Int, v: Int), _ scale: Float,
    _ map: Tensor?, _ gate: Tensor?, _ dropout: AttentionDropout?, on tape: Tape
  ) -> Tensor {
    let blocks = min(tape.pool?.threads ?? 1, nq)  // of queries, so that every thread has some
    return Tensor(unsafeUninitialized: outputShape) { y in
      tape.split(heads * batch * blocks, grain: 1) { units in
        var scratch = Tensor(unsafeUninitialized: [(nq + blocks - 1) / blocks, nk])
        let a = scratch.mutablePointer()
        for unit in units {  // images within heads: a head's map stays in the cache
          let (h, b, block) = (unit / (batch * blocks), unit / blocks % batch, unit % blocks)
          let first = block * nq / blocks
          let rows = (block + 1) * nq / blocks - first
          let position = map.map { $0.pointer + (h * nq + first) * nk }
          let atQ = (b * nq + first) * strides.q + columns.q + h * d
          let q = BLAS.Operand(q.pointer + atQ, strides.q)
          let k = BLAS.Operand(k.pointer + b * nk * strides.k + columns.k + h * d, strides.k)
          let v = BLAS.Operand(v.pointer + b * nk * strides.v + columns.v + h * d, strides.v)
          BLAS.multiply(rows, nk, d, q, k.transposed, into: a, nk, work: .attention)
          WorkMeter.measure(.softmax) {
            ck_gated_softmax(a, a, scale, position, gate?.pointer[h] ?? 0, rows, nk)
          }
          if let kept = dropout?.factors(image: b, head: h, nq, nk) {
            ck_mul(a, a, kept.pointer + first * nk, rows * nk)
          }
          BLAS.multiply(
            rows, d, nk, .init(a, nk), v, into: y + (b * nq + first) * width + h * d, width,
            work: .attention)
        }
      }
    }
  }

  /// With P the softmax and dA = dY · Vᵀ (both A and dA times what dropout kept):
  ///
  ///     dV = Aᵀ · dY;  dS = (1 − g) · scale · P · (dA − Σ_j P · dA);  dQ = dS · K;  dK = dSᵀ · Q
  ///     dposition = Σ_images g · dA;  dg = Σ (position − P) · dA
  func backward(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, _ columns: (q: Int, k: Int, v: Int), _ scale: Float,
    _ map: Tensor?, _ gate: Tensor?, _ dropout: AttentionDropout?, _ dy: Tensor,
    _ gradients: (
      q: UnsafeMutablePointer<Float>, k: UnsafeMutablePointer<Float>,
      v: UnsafeMutablePointer<Float>
    ),
    _ dmap: UnsafeMutablePointer<Float>?
  ) -> [Float] {
    var scratch = Tensor(unsafeUninitialized: [2, nq, nk])
    let a = scratch.mutablePointer()
    let da = a + nq * nk
    return (0..<heads).map { h in
      let position = map.map { $0.pointer + h * nq * nk }
      let dposition = dmap.map { $0 + h * nq * nk }
      let g = gate?.pointer[h] ?? 0
      var dg = 0.0
      for b in 0..<batch {
        let atQ = b * nq * strides.q + columns.q + h * d
        let atK = b * nk * strides.k + columns.k + h * d
        let atV = b * nk * strides.v + columns.v + h * d
        let (q, k) = (
          BLAS.Operand(q.pointer + atQ, strides.q), BLAS.Operand(k.pointer + atK, strides.k)
        )
        let v = BLAS.Operand(v.pointer + atV, strides.v)
        let dy = BLAS.Operand(dy.pointer + b * nq * width + h * d, width)
        BLAS.multiply(nq, nk, d, q, k.transposed, into: a, nk, work: .attention)
        BLAS.multiply(nq, nk, d, dy, v.transposed, into: da, nk, work: .attention)
        let kept = dropout?.factors(image: b, head: h, nq, nk)
        if let kept { ck_mul(da, da, kept.pointer, nq * nk) }
        WorkMeter.measure(.softmax) {
          ck_gated_softmax_backward(a, da, dposition, &dg, a, da, scale, position, g, nq, nk)
        }
        if let kept { ck_mul(a, a, kept.pointer, nq * nk) }
        let ds = da
        BLAS.multiply(
          nk, d, nq, .init(a, nk).transposed, dy, into: gradients.v + atV, strides.v,
          work: .attention)
        BLAS.multiply(
          nq, d, nk, .init(ds, nk), k, into: gradients.q + atQ, strides.q, work: .attention)
        BLAS.multiply(
          nk, d, nq, .init(ds, nk).transposed, q, into: gradients.k + atK, strides.k,
          work: .attention)
      }
      return Float(dg)
    }
  }
}
