import CKernels

extension Variable {
  /// What tokens on a grid see by content, blended with what they see by position, where the map of
  /// positions is a product of one along the rows of the grid and one along its columns:
  ///
  ///     y_i = (1 − g_h) · content_i + g_h · Σ_j rows_h[r_i, r_j] · columns_h[c_i, c_j] · v_j
  ///
  /// - Parameters:
  ///   - content: [..., N, H·E], the tokens of R rows of C.
  ///   - v: values [..., N, ≥ H·E].
  ///   - rows: [H, R, R], and columns: [H, C, C], whose rows sum to 1.
  ///   - gate: [H] in 0 … 1.
  ///
  /// The map [H, N, N] is never made: memory and arithmetic grow as N · (R + C). It is
  /// `attention(position:)` of that map and what `content` is made of, without dropout.
  package static func blended(
    _ content: Variable, _ v: Heads, rows: Variable, columns: Variable, gate: Variable
  ) -> Variable {
    let (h, r, c) = (v.count, rows.shape[-1], columns.shape[-1])
    checkPrecondition(
      rows.shape == Shape(h, r, r) && columns.shape == Shape(h, c, c) && gate.shape == Shape(h)
        && v.tokens == r * c && content.shape == v.projection.shape.replacing(-1, with: v.width),
      "blended: content \(content.shape), values \(v.text), rows \(rows.shape), "
        + "columns \(columns.shape), gate \(gate.shape)")
    let tape = content.tape
    let blend = GridBlend(
      content: content.value, v: v.columns, rows: rows.value, columns: columns.value,
      gate: gate.value, gradients: HeadGradients([v]), precision: tape.pass.precision)
    return tape.operation(
      blend.output(on: tape), of: [v.projection, content, rows, columns, gate], saving: blend,
      as: .blend(values: TracedHeads(v))
    ) { blend, dy, inputs in blend.differentiate(dy, &inputs) }
  }
}

private struct GridBlend {
  let content: Tensor  // [..., N, H·E]
  let v: HeadColumns  // [..., N, ≥ H·E]
  let (rows, columns, gate): (Tensor, Tensor, Tensor)  // [H, R, R], [H, C, C], [H]
  let gradients: HeadGradients<1>
  let precision: Precision

  private var heads: Int { gate.count }
  private var r: Int { rows.shape[-1] }
  private var c: Int { columns.shape[-1] }
  private var images: Int { content.count / (r * c * width) }
  private var width: Int { content.shape[-1] }
  private var cells: Int { r * c * v.size }  // numbers of a head of an image

  private func rows(_ head: Int) -> Matrix { Matrix(rows.pointer + head * r * r, r) }
  private func columns(_ head: Int) -> Matrix { Matrix(columns.pointer + head * c * c, c) }
  private func offset(_ image: Int, _ head: Int) -> Int {
    image * r * c * width + head * v.size
  }

  func output(on tape: Tape) -> Tensor {
    Tensor(unsafeUninitialized: content.shape, evenIfDry: true) { y in
      tape.split(heads * images, grain: 1) { units in
        var scratch = Tensor(unsafeUninitialized: [cells])
        let t = scratch.mutablePointer()
        for unit in units {
          let (image, head) = (unit % images, unit / images)
          let (place, g) = (offset(image, head), gate.pointer[head])
          scaleRows(y + place, 1 - g, content.pointer + place)
          mixColumns(image, head, into: t)
          for column in 0..<c {
            Matrix.multiply(
              r, v.size, r, alpha: g, rows(head), alongColumn(t, column), beta: 1,
              into: y + place + column * width, c * width, precision, work: .attention)
          }
        }
      }
    }
  }

  /// T[r, c_i] = Σ_c columns[c_i, c] · v[r, c] → [R, C, E].
  private func mixColumns(_ image: Int, _ head: Int, into t: UnsafeMutablePointer<Float>) {
    for row in 0..<r {
      Matrix.multiply(
        c, v.size, c, columns(head), v.matrix(image: image, head: head, token: row * c),
        into: t + row * c * v.size, v.size, precision, work: .attention)
    }
  }

  /// The rows [R, E] of a column of [R, C, E].
  private func alongColumn(_ t: UnsafePointer<Float>, _ column: Int) -> Matrix {
    Matrix(t + column * v.size, c * v.size)
  }

  private func scaleRows(
    _ out: UnsafeMutablePointer<Float>, _ factor: Float, _ x: UnsafePointer<Float>
  ) {
    if DryRun.isOn { return }
    for token in 0..<r * c { ck_scale(out + token * width, factor, x + token * width, v.size) }
  }

  /// With T as above, and for one image:
  ///
  ///     dcontent = (1 − g) · dY;  dg = Σ drows/g · rows − Σ dY · content
  ///     drows = g · Σ_c dY[·, c] · T[·, c]ᵀ;  dT[·, c] = g · rowsᵀ · dY[·, c]
  ///     dcolumns = Σ_r dT[r] · v[r]ᵀ;  dv[r] = columnsᵀ · dT[r]
  func differentiate(_ dy: Tensor, _ inputs: inout Cotangents) {
    var dv = gradients.tensors([v])
    let outV = gradients.pointers(&dv)[0]
    var dcontent = Tensor(unsafeUninitialized: content.shape)
    var drows = Tensor(unsafeUninitialized: rows.shape)
    var dcolumns = Tensor(unsafeUninitialized: columns.shape)
    var dgate = Tensor(unsafeUninitialized: gate.shape)
    let outContent = dcontent.mutablePointer()
    let (outRows, outColumns) = (drows.mutablePointer(), dcolumns.mutablePointer())
    let outGate = dgate.mutablePointer()
    var scratch = Tensor(unsafeUninitialized: [2, cells])
    let t = scratch.mutablePointer()
    for head in 0..<heads {
      let g = gate.pointer[head]
      let (drows, dcolumns) = (outRows + head * r * r, outColumns + head * c * c)
      var seen = 0.0  // Σ dY · content
      for image in 0..<images {
        let place = offset(image, head)
        scaleRows(outContent + place, 1 - g, dy.pointer + place)
        if !DryRun.isOn { seen += products(dy, place) }
        mixColumns(image, head, into: t)
        differentiateRows(dy.pointer + place, head, t, t + cells, drows, beta: image == 0 ? 0 : 1)
        differentiateColumns(
          image, head, t + cells, outV + v.offset(image: image, head: head), dcolumns,
          beta: image == 0 ? 0 : 1)
      }
      if DryRun.isOn { continue }
      let mixed = Double(ck_dot(drows, rows.pointer + head * r * r, r * r))
      outGate[head] = Float(mixed - seen)
      ck_scale(drows, g, drows, r * r)
    }
    gradients.add(dv, to: &inputs)
    inputs.add(dcontent, to: 1)
    inputs.add(drows, to: 2)
    inputs.add(dcolumns, to: 3)
    inputs.add(dgate, to: 4)
  }

  /// Σ dY · content of a head of an image.
  private func products(_ dy: Tensor, _ place: Int) -> Double {
    (0..<r * c).reduce(0) {
      let at = place + $1 * width
      return $0 + Double(ck_dot(dy.pointer + at, content.pointer + at, v.size))
    }
  }

  /// drows/g, added to what other images gave, and dT.
  private func differentiateRows(
    _ dy: UnsafePointer<Float>, _ head: Int, _ t: UnsafePointer<Float>,
    _ dt: UnsafeMutablePointer<Float>, _ drows: UnsafeMutablePointer<Float>, beta: Float
  ) {
    for column in 0..<c {
      let dy = Matrix(dy + column * width, c * width)
      Matrix.multiply(
        r, r, v.size, dy, alongColumn(t, column).transposed, beta: column == 0 ? beta : 1,
        into: drows, r, precision, work: .attention)
      Matrix.multiply(
        r, v.size, r, alpha: gate.pointer[head], rows(head).transposed, dy,
        into: dt + column * v.size, c * v.size, precision, work: .attention)
    }
  }

  /// dcolumns, added to what other images gave, and dv.
  private func differentiateColumns(
    _ image: Int, _ head: Int, _ dt: UnsafePointer<Float>, _ dv: UnsafeMutablePointer<Float>,
    _ dcolumns: UnsafeMutablePointer<Float>, beta: Float
  ) {
    for row in 0..<r {
      let dt = Matrix(dt + row * c * v.size, v.size)
      let values = v.matrix(image: image, head: head, token: row * c)
      Matrix.multiply(
        c, c, v.size, dt, values.transposed, beta: row == 0 ? beta : 1, into: dcolumns, c,
        precision, work: .attention)
      Matrix.multiply(
        c, v.size, c, columns(head).transposed, dt, into: dv + row * c * v.stride, v.stride,
        precision, work: .attention)
    }
  }
}
