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

  /// Ends the process if the projection has not these columns.
  fileprivate func check(_ width: Int) {
    checkPrecondition(
      first >= 0 && first + width <= projection.shape[-1],
      "attention: columns \(first) ..< \(first + width) of \(projection.shape)")
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
    checkPrecondition(
      position.map {
        $0.map.shape == Shape(heads, geometry.nq, geometry.nk) && $0.gate.shape == Shape(heads)
      }
        ?? true,
      "attention: position \(position!.map.shape), gate \(position!.gate.shape) for \(geometry)")
    let map = position?.map.value
    let gate = position?.gate.value
    let columns = (q: queries.first, k: keys.first, v: values.first)
    queries.check(width)
    keys.check(width)
    values.check(width)
    let dropout = AttentionDropout(dropRate, images: geometry.batch, on: queries.projection.tape)
    let output = geometry.forward(
      q, k, v, columns, scale, map, gate, dropout, on: queries.projection.tape)

    let gradients = AttentionGradients(queries, keys, values, width: width)
    let saved = (geometry, q, k, v, columns, scale, dropout, gradients)
    let tape = queries.projection.tape
    guard let position else {
      return tape.operation(
        output, of: [queries.projection, keys.projection, values.projection], saving: saved
      ) { saved, dy, inputs in
        let (geometry, q, k, v, columns, scale, dropout, gradients) = saved
        let precision = inputs.precision
        gradients.add(to: &inputs, q, k, v) { out in
          geometry.backward(
            q, k, v, columns, scale, nil, nil, dropout, dy, out, nil, nil, precision)
        }
      }
    }
    return tape.operation(
      output,
      of: [
        queries.projection, keys.projection, values.projection, position.map, position.gate,
      ], saving: (saved, position.map.value, position.gate.value)
    ) { saved, dy, inputs in
      let ((geometry, q, k, v, columns, scale, dropout, gradients), map, gate) = saved
      var dmap = Tensor(repeating: 0, map.shape)
      var dgate = Tensor(unsafeUninitialized: gate.shape)
      let precision = inputs.precision
      gradients.add(to: &inputs, q, k, v) { out in
        geometry.backward(
          q, k, v, columns, scale, map, gate, dropout, dy, out, dmap.mutablePointer(),
          dgate.mutablePointer(), precision)
      }
      inputs.add(dmap, to: 3)
      inputs.add(dgate, to: 4)
    }
  }
}

/// Which gradient tensor the queries, keys and values write their columns into: one for each
/// distinct projection (MHSA has one, GPSA two); parts that share columns have one each, and these
/// are added.
private struct AttentionGradients {
  /// The first part that has the same tensor.
  private var owner: InlineArray<3, Int> = [0, 1, 2]
  /// Whether the parts of a tensor fill it.
  private var isCovered: InlineArray<3, Bool> = [false, false, false]

  init(_ queries: HeadColumns, _ keys: HeadColumns, _ values: HeadColumns, width: Int) {
    let parts: InlineArray<3, HeadColumns> = [queries, keys, values]
    for part in 0..<3 {
      let node = parts[part].projection.node
      owner[part] =
        (0..<part).first { first in
          owner[first] == first && node != nil && parts[first].projection.node == node
            && (first..<part).allSatisfy {
              owner[$0] != first || abs(parts[$0].first - parts[part].first) >= width
            }
        } ?? part
    }
    for part in 0..<3 {
      let columns = (0..<3).count { owner[$0] == part } * width
      isCovered[part] = columns == parts[part].projection.shape[-1]
    }
  }

  /// Adds the gradients by the three inputs, which `compute` writes.
  func add(
    to inputs: inout Cotangents, _ q: Tensor, _ k: Tensor, _ v: Tensor,
    _ compute: (InlineArray<3, UnsafeMutablePointer<Float>>) -> Void
  ) {
    let values: InlineArray<3, Tensor> = [q, k, v]
    var gradients = InlineArray<3, Tensor> { part in
      guard owner[part] == part else { return values[part] }  // not written to
      let shape = values[part].shape
      return isCovered[part] ? Tensor(unsafeUninitialized: shape) : Tensor(repeating: 0, shape)
    }
    let pointers = InlineArray<3, UnsafeMutablePointer<Float>> { part in
      gradients[owner[part]].mutablePointer()
    }
    compute(pointers)
    for part in 0..<3 where owner[part] == part { inputs.add(gradients[part], to: part) }
  }
}

/// The sizes of an attention, and its loops over images and heads.
private struct AttentionGeometry: CustomStringConvertible {
  let (batch, heads, nq, nk, d): (Int, Int, Int, Int, Int)
  let strides: (q: Int, k: Int, v: Int)  // elements between two tokens of a projection
  let outputShape: Shape

  init(queries: Shape, keys: Shape, values: Shape, heads: Int, width: Int) {
    checkPrecondition(
      queries.rank >= 2 && keys.rank == queries.rank && values.rank == queries.rank
        && keys.prefix(keys.rank - 1) == values.prefix(values.rank - 1)
        && keys.prefix(keys.rank - 2) == queries.prefix(queries.rank - 2) && width % heads == 0,
      "attention: queries \(queries), keys \(keys), values \(values), \(heads) heads in \(width)")
    (nq, nk, d) = (queries[-2], keys[-2], width / heads)
    batch = queries.prefix(queries.rank - 2).elementCount
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
    let precision = tape.pass.precision
    let blocks = min(tape.pool?.threads ?? 1, nq)  // of queries, so that every thread has some
    return Tensor(unsafeUninitialized: outputShape) { y in
      tape.split(heads * batch * blocks, grain: 1) { units in
        var scratch = Tensor(unsafeUninitialized: Shape((nq + blocks - 1) / blocks, nk))
        let a = scratch.mutablePointer()
        for unit in units {  // images within heads: a head's map stays in the cache
          let (h, b, block) = (unit / (batch * blocks), unit / blocks % batch, unit % blocks)
          let first = block * nq / blocks
          let rows = (block + 1) * nq / blocks - first
          let position = map.map { $0.pointer + (h * nq + first) * nk }
          let atQ = (b * nq + first) * strides.q + columns.q + h * d
          let q = Matrix(q.pointer + atQ, strides.q)
          let k = Matrix(k.pointer + b * nk * strides.k + columns.k + h * d, strides.k)
          let v = Matrix(v.pointer + b * nk * strides.v + columns.v + h * d, strides.v)
          Matrix.multiply(rows, nk, d, q, k.transposed, into: a, nk, precision, work: .attention)
          WorkMeter.measure(.softmax) {
            ck_gated_softmax(a, a, scale, position, gate?.pointer[h] ?? 0, rows, nk)
          }
          if let kept = dropout?.factors(image: b, head: h, nq, nk) {
            ck_mul(a, a, kept.pointer + first * nk, rows * nk)
          }
          Matrix.multiply(
            rows, d, nk, .init(a, nk), v, into: y + (b * nq + first) * width + h * d, width,
            precision, work: .attention)
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
    _ gradients: InlineArray<3, UnsafeMutablePointer<Float>>,
    _ dmap: UnsafeMutablePointer<Float>?, _ dgate: UnsafeMutablePointer<Float>?,
    _ precision: Precision
  ) {
    var scratch = Tensor(unsafeUninitialized: Shape(2, nq, nk))
    let a = scratch.mutablePointer()
    let da = a + nq * nk
    for h in 0..<heads {
      let position = map.map { $0.pointer + h * nq * nk }
      let dposition = dmap.map { $0 + h * nq * nk }
      let g = gate?.pointer[h] ?? 0
      var dg = 0.0
      for b in 0..<batch {
        let atQ = b * nq * strides.q + columns.q + h * d
        let atK = b * nk * strides.k + columns.k + h * d
        let atV = b * nk * strides.v + columns.v + h * d
        let (q, k) = (
          Matrix(q.pointer + atQ, strides.q), Matrix(k.pointer + atK, strides.k)
        )
        let v = Matrix(v.pointer + atV, strides.v)
        let dy = Matrix(dy.pointer + b * nq * width + h * d, width)
        Matrix.multiply(nq, nk, d, q, k.transposed, into: a, nk, precision, work: .attention)
        Matrix.multiply(nq, nk, d, dy, v.transposed, into: da, nk, precision, work: .attention)
        let kept = dropout?.factors(image: b, head: h, nq, nk)
        if let kept { ck_mul(da, da, kept.pointer, nq * nk) }
        WorkMeter.measure(.softmax) {
          ck_gated_softmax_backward(a, da, dposition, &dg, a, da, scale, position, g, nq, nk)
        }
        if let kept { ck_mul(a, a, kept.pointer, nq * nk) }
        let ds = da
        Matrix.multiply(
          nk, d, nq, .init(a, nk).transposed, dy, into: gradients[2] + atV, strides.v,
          precision, work: .attention)
        Matrix.multiply(
          nq, d, nk, .init(ds, nk), k, into: gradients[0] + atQ, strides.q, precision,
          work: .attention)
        Matrix.multiply(
          nk, d, nq, .init(ds, nk).transposed, q, into: gradients[1] + atK, strides.k,
          precision, work: .attention)
      }
      dgate?[h] = Float(dg)
    }
  }
}
