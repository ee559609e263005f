import CKernels

/// What the weights A of an attention are made of, and how they are computed and differentiated:
///
///     A = (1 − g_h) · softmax_j(scale · q_i · k_j + bias_hij) + g_h · position_hij
///
/// B is the number of images (all leading axes), H of heads, D of a head's columns, Nq of queries
/// and Nk of keys.
struct AttentionScores {
  let q: HeadColumns  // [..., Nq, ≥ H·D]
  let k: HeadColumns  // [..., Nk, ≥ H·D]
  let scale: Float
  let bias: Tensor?  // [H or 1, Nq, Nk]
  let position: (map: Tensor, gate: Tensor)?  // [H, Nq, Nk], [H]
  let (batch, heads, nq, nk): (Int, Int, Int, Int)
  let precision: Precision

  /// Ends the process if shapes do not match, in the name of an operator.
  init(
    _ q: Heads, _ k: Heads, bias: Variable?, position: (map: Variable, gate: Variable)?,
    scale: Float?, _ name: StaticString
  ) {
    checkPrecondition(
      q.count == k.count && q.size == k.size && q.leading == k.leading,
      "\(name): queries \(q.text), keys \(k.text)")
    (batch, heads, nq, nk) = (q.leading.elementCount, q.count, q.tokens, k.tokens)
    let (maps, shared) = (Shape(heads, nq, nk), Shape(1, nq, nk))
    if let bias {
      checkPrecondition(
        bias.shape == maps || bias.shape == shared,
        "\(name): bias \(bias.shape) for scores \(maps)")
    }
    if let position {
      checkPrecondition(
        position.map.shape == maps && position.gate.shape == Shape(heads),
        "\(name): position \(position.map.shape), gate \(position.gate.shape) for scores \(maps)")
    }
    (self.q, self.k) = (q.columns, k.columns)
    self.scale = scale ?? 1 / Float(q.size).squareRoot()
    self.bias = bias?.value
    self.position = position.map { ($0.map.value, $0.gate.value) }
    precision = q.projection.tape.pass.precision
  }

  /// Some queries of a head of an image.
  struct Rows {
    let image: Int
    let head: Int
    let first: Int
    let count: Int
  }

  /// Calls `body` with parts of all heads of all images, side by side on the tape's threads. Where
  /// these are not as many for each thread, a head is cut into `blocks` of rows.
  func split(on tape: Tape, _ body: (_ units: Range<Int>, _ blocks: Int) -> Void) {
    let threads = tape.pool?.threads ?? 1
    let blocks = heads * batch % threads == 0 ? 1 : min(threads, nq)
    tape.split(heads * batch * blocks, grain: 1) { body($0, blocks) }
  }

  /// A unit of such a part. Images are within heads: a head's map stays in the cache.
  func rows(_ unit: Int, _ blocks: Int) -> Rows {
    let (head, image, block) = (
      unit / (batch * blocks), unit / blocks % batch, unit % blocks
    )
    let first = block * nq / blocks
    return Rows(
      image: image, head: head, first: first, count: (block + 1) * nq / blocks - first)
  }

  /// A of some queries, [rows, Nk] → a.
  func write(_ rows: Rows, into a: UnsafeMutablePointer<Float>) {
    let (h, place) = (rows.head, rows.first * nk)
    multiply(rows, into: a)
    WorkMeter.measureKernel(.softmax) {
      ck_gated_softmax(
        a, a, scale, bias(h).map { $0 + place }, map(h).map { $0 + place }, gate(h), rows.count, nk)
    }
  }

  /// q_i · k_j, [rows, Nk] → s.
  private func multiply(_ rows: Rows, into s: UnsafeMutablePointer<Float>) {
    Matrix.multiply(
      rows.count, nk, q.size,
      q.matrix(image: rows.image, head: rows.head, token: rows.first),
      k.matrix(image: rows.image, head: rows.head).transposed, into: s, nk, precision,
      work: .attention)
  }

  private func bias(_ head: Int) -> UnsafePointer<Float>? {  // [Nq, Nk]
    bias.map { $0.pointer + biasOffset(head) }
  }

  /// The bias from a query and a key of a head on, in rows Nk apart.
  func bias(_ head: Int, _ query: Int, _ key: Int) -> UnsafePointer<Float>? {
    bias(head).map { $0 + query * nk + key }
  }

  func biasOffset(_ head: Int) -> Int { bias?.shape[0] == 1 ? 0 : head * nq * nk }

  private func map(_ head: Int) -> UnsafePointer<Float>? {  // [Nq, Nk]
    position.map { $0.map.pointer + head * nq * nk }
  }

  private func gate(_ head: Int) -> Float { position?.gate.pointer[head] ?? 0 }
}

extension AttentionScores {
  /// Carries the derivative by A to the inputs. With P the softmax:
  ///
  ///     A = (1 − g) · P + g · position;  P = softmax_j(S + bias);  S = scale · Q · Kᵀ
  ///
  ///     dbias = Σ_images (1 − g) · P · (dA − Σ_j P · dA);  dposition = Σ_images g · dA
  ///     dg = Σ (position − P) · dA;  dS = scale · dbias of an image;  dQ = dS · K;  dK = dSᵀ · Q
  ///
  /// - Parameters:
  ///   - first: the input that is the bias; the map and the gate are the next two.
  ///   - dq, dk: where those derivatives are written, in the layout of q and k.
  ///   - derivative: writes dA of a head of an image, [Nq, Nk].
  ///   - use: is given A of the same, [Nq, Nk].
  func differentiate(
    into inputs: inout Cotangents, bias first: Int, _ dq: UnsafeMutablePointer<Float>,
    _ dk: UnsafeMutablePointer<Float>,
    derivative: (_ rows: Rows, _ da: UnsafeMutablePointer<Float>) -> Void,
    then use: (_ rows: Rows, _ a: UnsafeMutablePointer<Float>) -> Void
  ) {
    var dbias = inputs.isNeeded(first) ? bias.map { Tensor(repeating: 0, $0.shape) } : nil
    var dmap =
      inputs.isNeeded(first + 1) ? position.map { Tensor(repeating: 0, $0.map.shape) } : nil
    var dgate = position.map { Tensor(unsafeUninitialized: $0.gate.shape) }
    let (atBias, atMap, atGate) = (
      dbias?.mutablePointer(), dmap?.mutablePointer(), dgate?.mutablePointer()
    )
    var scratch = Tensor(unsafeUninitialized: Shape(2, nq, nk))
    let a = scratch.mutablePointer()
    let da = a + nq * nk
    for h in 0..<heads {
      var dg = 0.0
      for b in 0..<batch {
        let rows = Rows(image: b, head: h, first: 0, count: nq)
        multiply(rows, into: a)
        derivative(rows, da)
        WorkMeter.measureKernel(.softmax) {
          ck_gated_softmax_backward(
            a, da, atBias.map { $0 + biasOffset(h) }, atMap.map { $0 + h * nq * nk }, &dg, a, da,
            scale, bias(h), map(h), gate(h), nq, nk)
        }
        use(rows, a)
        let ds = Matrix(da, nk)  // [Nq, Nk]
        Matrix.multiply(
          nq, q.size, nk, ds, k.matrix(image: b, head: h), into: dq + q.offset(image: b, head: h),
          q.stride, precision, work: .attention)
        Matrix.multiply(
          nk, q.size, nq, ds.transposed, q.matrix(image: b, head: h),
          into: dk + k.offset(image: b, head: h), k.stride, precision, work: .attention)
      }
      atGate?[h] = Float(dg)
    }
    if let dbias { inputs.add(dbias, to: first) }
    if let dmap { inputs.add(dmap, to: first + 1) }
    if let dgate { inputs.add(dgate, to: first + 2) }
  }
}
