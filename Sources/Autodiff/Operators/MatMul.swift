extension Tensor {
  /// op(a) · op(b) for matrices on the last two axes, one pair for each index of the leading axes;
  /// leading axes follow NumPy's broadcasting rule.
  func matmul(
    _ other: Tensor, transposingSelf: Bool = false, transposingOther: Bool = false,
    precision: Precision = .float32
  ) -> Tensor {
    checkPrecondition(
      shape.rank >= 2 && other.shape.rank >= 2, "matmul: shapes \(shape) and \(other.shape)")
    let (m, k) = transposingSelf ? (shape[-1], shape[-2]) : (shape[-2], shape[-1])
    let (k2, n) =
      transposingOther
      ? (other.shape[-1], other.shape[-2]) : (other.shape[-2], other.shape[-1])
    checkPrecondition(
      k == k2,
      "matmul: \(shape)\(transposingSelf ? "ᵀ" : "") · \(other.shape)"
        + "\(transposingOther ? "ᵀ" : ""): inner sizes \(k) and \(k2) differ; transposingSelf and "
        + "transposingOther take an operand as its transpose")
    let batch = shape.leading.broadcast(with: other.shape.leading, "matmul")
    let (a, b) = (broadcastLeading(to: batch), other.broadcastLeading(to: batch))
    return Tensor(unsafeUninitialized: batch.appending(m, n), evenIfDry: true) { out in
      for i in 0..<batch.elementCount {
        Matrix.multiply(
          m, n, k, .init(a.pointer + i * m * k, a.shape[-1], transposed: transposingSelf),
          .init(b.pointer + i * k * n, b.shape[-1], transposed: transposingOther),
          into: out + i * m * n, n, precision)
      }
    }
  }

  private func broadcastLeading(to batch: Shape) -> Tensor {
    broadcast(to: batch.appending(shape[-2], shape[-1]))
  }
}

extension Shape {
  fileprivate var leading: Shape { prefix(rank - 2) }  // the axes before the last two

  fileprivate func appending(_ rows: Int, _ columns: Int) -> Shape {
    var shape = self
    shape.append(rows)
    shape.append(columns)
    return shape
  }
}

extension Variable {
  /// op(a) · op(b): [..., m, k] · [..., k, n] → [..., m, n], where `op` transposes if asked to.
  ///
  /// For C = A·B: dA = dC·Bᵀ and dB = Aᵀ·dC; transposed operands have the transposed derivative.
  ///
  /// - Parameters:
  ///   - other: b.
  ///   - ta: whether a is transposed.
  ///   - tb: whether b is.
  ///   - precision: of the product and its derivatives; the tape's if nil.
  public func matmul(
    _ other: Variable, transposingSelf ta: Bool = false, transposingOther tb: Bool = false,
    precision: Precision? = nil
  ) -> Variable {
    let (a, b, precision) = (value, other.value, precision ?? tape.pass.precision)
    let product = a.matmul(b, transposingSelf: ta, transposingOther: tb, precision: precision)
    return tape.operation(
      product, of: [self, other], saving: (a, b, ta, tb, precision),
      as: .matmul(transposingFirst: ta, transposingSecond: tb)
    ) {
      saved, dc, inputs in
      let (a, b, ta, tb, precision) = saved
      let da =
        ta
        ? b.matmul(dc, transposingSelf: tb, transposingOther: true, precision: precision)
        : dc.matmul(b, transposingOther: !tb, precision: precision)
      inputs.add(da.summed(to: a.shape), to: 0)
      let db =
        tb
        ? dc.matmul(a, transposingSelf: true, transposingOther: ta, precision: precision)
        : a.matmul(dc, transposingSelf: !ta, precision: precision)
      inputs.add(db.summed(to: b.shape), to: 1)
    }
  }
}
