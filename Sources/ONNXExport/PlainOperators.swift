import Autodiff

extension Trace.Operator {
  /// The operators that it is a shorter way to compute, if there is no such operator in ONNX:
  /// they are called on its inputs, so that they have their values, too.
  func plain() throws(ExportError) -> [Trace.Operator] {
    switch operation {
    case .attention(let form):
      try form.checkInputs(inputs, bias: 3)
      return composed { inputs in
        let weights = form.weights(inputs[0], inputs[1], bias: 3, of: inputs)
        guard let values = form.values else { return weights }
        let y = weights.matmul(values.separated(inputs[2]))
        return y.joined(like: inputs[0])
      }
    case .attentionWeights(let form):
      try form.checkInputs(inputs, bias: 2)
      let shape = output.shape
      return composed { form.weights($0[0], $0[1], bias: 2, of: $0).reshaped(shape) }
    case .blend(let values): return composed { values.blend($0) }
    default: return [self]
    }
  }

  /// The operators of `body`, of which the last gives this one's value.
  private func composed(_ body: ([Variable]) -> Variable) -> [Trace.Operator] {
    let trace = Trace()
    let tape = Tape(tracing: trace)
    _ = body(inputs.map(tape.constant))
    guard let last = trace.operators.last else { return [] }
    return trace.operators.dropLast()
      + [Trace.Operator(last.operation, name: last.name, inputs: last.inputs, output: output)]
  }
}

extension TracedHeads {
  /// [..., N, width] → [B, H, N, D], for B the number of all leading indices.
  fileprivate func separated(_ projection: Variable) -> Variable {
    let shape = projection.shape
    let columns =
      count * size == shape[-1]
      ? projection : projection.sliced(-1, first..<first + count * size)
    return columns.reshaped(Shape(shape.images, shape[-2], count, size)).permuted(0, 2, 1, 3)
  }

  /// (1 − g) · content + g · Σ rows · columns · v, as `Variable.blended` computes it.
  fileprivate func blend(_ inputs: [Variable]) -> Variable {
    let (v, content, rows, columns, gate) = (inputs[0], inputs[1], inputs[2], inputs[3], inputs[4])
    let (images, r, c) = (v.shape.images, rows.shape[-1], columns.shape[-1])
    let cells = separated(v).reshaped(Shape(images, count, r, c, size))
    let mixed = columns.reshaped(Shape(count, 1, c, c)).matmul(cells)
    let seen = rows.matmul(mixed.reshaped(Shape(images, count, r, c * size)))
    let position = seen.reshaped(Shape(images, count, r * c, size)).permuted(0, 2, 1, 3)
    let g = gate.reshaped(Shape(count, 1))
    let blended = (1 - g) * content.reshaped(Shape(images, r * c, count, size)) + g * position
    return blended.reshaped(content.shape)
  }
}

extension TracedAttention {
  /// (1 − g) · softmax(scale · q · kᵀ + bias) + g · position, [B, H, Nq, Nk].
  fileprivate func weights(
    _ q: Variable, _ k: Variable, bias place: Int, of inputs: [Variable]
  ) -> Variable {
    let (q, k) = (scale * queries.separated(q), keys.separated(k))
    var scores = q.matmul(k, transposingOther: true)
    if hasBias { scores = scores + inputs[place] }
    guard hasPosition else { return scores.softmax() }
    let (map, gate) = (inputs[place + 1], inputs[place + 2].reshaped(Shape(queries.count, 1, 1)))
    return (1 - gate) * scores.softmax() + gate * map
  }

  /// Throws for what the plain operators compute otherwise.
  fileprivate func checkInputs(_ inputs: [Tensor], bias place: Int) throws(ExportError) {
    guard !hasDropout else { throw ExportError("'attention' with dropout is for training") }
    guard hasBias else { return }
    let keys = inputs[place].shape[-1]
    let forbidsAll = inputs[place].withUnsafeBufferPointer { bias in
      stride(from: 0, to: bias.count, by: max(keys, 1)).contains { row in
        bias[row..<row + keys].allSatisfy { $0 == -.infinity }
      }
    }
    if forbidsAll {
      throw ExportError(
        "the bias of an 'attention' lets a query look at no key: there ONNX's softmax is no number")
    }
  }
}

extension Variable {
  /// [B, H, N, D] → [..., N, H·D], with the leading axes of a projection.
  fileprivate func joined(like projection: Variable) -> Variable {
    let (heads, size) = (shape[1], shape[3])
    return permuted(0, 2, 1, 3).reshaped(projection.shape.replacing(-1, with: heads * size))
  }
}

extension Shape {
  /// The number of all indices before the last two axes.
  fileprivate var images: Int { sizes.dropLast(2).reduce(1, *) }
}
