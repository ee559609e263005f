import CKernels

extension Tensor {
  /// The axes in another order: axis k of the result is axis `order[k]` of this tensor.
  package func permuted(_ order: [Int]) -> Tensor {
    checkPrecondition(
      order.sorted() == Array(0..<shape.rank), "permuted: axes \(order) of \(shape)")
    var strides = Shape.Axes(repeating: 0)
    for (axis, source) in order.enumerated() { strides[axis] = shape.strides[source] }
    let target = Shape(order.map { shape[$0] })
    return Tensor(unsafeUninitialized: target) { out in
      target.eachRow(strides) { offset, source, step, length in
        let (to, from) = (out + offset, pointer + source)
        if step == 1 { return to.update(from: from, count: length) }
        for i in 0..<length { to[i] = from[i * step] }
      }
    }
  }

  /// The elements of a range along an axis.
  public func sliced(_ axis: Int, _ range: Range<Int>) -> Tensor {
    let (outer, size, inner) = shape.split(at: axis)
    checkPrecondition(
      range.lowerBound >= 0 && range.upperBound <= size,
      "sliced: \(range) of axis \(axis) of \(shape)")
    let length = range.count * inner
    return Tensor(unsafeUninitialized: shape.replacing(axis, with: range.count)) { out in
      for o in 0..<outer {
        (out + o * length).update(
          from: pointer + (o * size + range.lowerBound) * inner, count: length)
      }
    }
  }

  /// Tensors side by side along an axis.
  package static func concatenated(_ parts: [Tensor], _ axis: Int) -> Tensor {
    concatenated(parts.count, axis) { parts[$0] }
  }

  fileprivate static func concatenated(
    _ count: Int, _ axis: Int, _ part: (Int) -> Tensor
  ) -> Tensor {
    checkPrecondition(count > 0, "concatenated: nothing given")
    let first = part(0).shape
    let axis = first.resolved(axis)
    var size = 0
    for index in 0..<count {
      let shape = part(index).shape
      checkPrecondition(
        shape.removing(axis) == first.removing(axis),
        "concatenated: shapes \(first) and \(shape) along axis \(axis)")
      size += shape[axis]
    }
    let (outer, _, inner) = first.split(at: axis)
    return Tensor(unsafeUninitialized: first.replacing(axis, with: size)) { out in
      var start = 0
      for index in 0..<count {
        let part = part(index)
        let length = part.shape[axis] * inner
        for o in 0..<outer {
          (out + o * size * inner + start).update(from: part.pointer + o * length, count: length)
        }
        start += length
      }
    }
  }
}

extension Variable {
  /// The same elements under another shape of equal count.
  public func reshaped(_ shape: Shape) -> Variable {
    tape.operation(value.reshaped(shape), of: [self], saving: self.shape, as: .reshape) {
      shape, gradient, inputs in inputs.add(gradient.reshaped(shape), to: 0)
    }
  }

  /// The axes in another order: axis k of the result is axis `order[k]` of this tensor.
  public func permuted(_ order: Int...) -> Variable { permuted(order) }

  func permuted(_ order: [Int]) -> Variable {
    let result = value.permuted(order)
    var inverse = order
    for (k, axis) in order.enumerated() { inverse[axis] = k }
    return tape.operation(result, of: [self], saving: inverse, as: .permute(order)) {
      inverse, gradient, inputs in
      inputs.add(gradient.permuted(inverse), to: 0)
    }
  }

  /// The elements of a range along an axis.
  public func sliced(_ axis: Int, _ range: Range<Int>) -> Variable {
    tape.operation(
      value.sliced(axis, range), of: [self], saving: (shape, axis, range.lowerBound),
      as: .slice(axis: axis, range)
    ) { saved, gradient, inputs in
      let (shape, axis, first) = saved
      let (outer, size, inner) = shape.split(at: axis)
      let length = gradient.shape[axis] * inner
      let spread = Tensor(unsafeUninitialized: shape) { out in
        ck_fill(out, 0, shape.elementCount)
        for o in 0..<outer {
          ck_axpy(out + (o * size + first) * inner, 1, gradient.pointer + o * length, length)
        }
      }
      inputs.add(spread, to: 0)
    }
  }

  /// This tensor and another side by side along an axis.
  public func concatenated(_ other: Variable, _ axis: Int) -> Variable {
    let both = Tensor.concatenated(2, axis) { $0 == 0 ? value : other.value }
    let sizes = (shape[axis], other.shape[axis])
    return tape.operation(
      both, of: [self, other], saving: (axis, sizes), as: .concatenate(axis: axis)
    ) {
      saved, gradient, inputs in
      let (axis, sizes) = saved
      inputs.add(gradient.sliced(axis, 0..<sizes.0), to: 0)
      inputs.add(gradient.sliced(axis, sizes.0..<sizes.0 + sizes.1), to: 1)
    }
  }

  /// Tensors side by side along an axis.
  public static func concatenated(_ parts: [Variable], _ axis: Int) -> Variable {
    parts.dropFirst().reduce(parts[0]) { $0.concatenated($1, axis) }
  }

  /// The elements at the given places along an axis, which may repeat.
  public func gathered(_ axis: Int, _ places: [Int]) -> Variable {
    let (outer, size, inner) = shape.split(at: axis)
    checkPrecondition(
      places.allSatisfy { 0..<size ~= $0 },
      "gathered: places \(places) of axis \(axis) of \(shape), which has 0 to \(size - 1)")
    let count = places.count
    let result = Tensor(unsafeUninitialized: shape.replacing(axis, with: count)) { out in
      for o in 0..<outer {
        if inner == 1 {  // such as pixels, of which there are many
          let (row, values) = (out + o * count, value.pointer + o * size)
          for k in 0..<count { row[k] = values[places[k]] }
          continue
        }
        for (k, place) in places.enumerated() {
          (out + (o * count + k) * inner).update(
            from: value.pointer + (o * size + place) * inner, count: inner)
        }
      }
    }
    return tape.operation(
      result, of: [self], saving: (shape, axis, places), as: .gather(axis: axis, places)
    ) {
      saved, gradient, inputs in
      let (shape, axis, places) = saved
      let (outer, size, inner) = shape.split(at: axis)
      let count = places.count
      let spread = Tensor(unsafeUninitialized: shape) { out in
        ck_fill(out, 0, shape.elementCount)
        for o in 0..<outer {
          for (k, place) in places.enumerated() {
            ck_axpy(
              out + (o * size + place) * inner, 1, gradient.pointer + (o * count + k) * inner, inner
            )
          }
        }
      }
      inputs.add(spread, to: 0)
    }
  }

  /// The tensor repeated along axes of size 1 (or absent) to fill `shape`.
  public func broadcast(to shape: Shape) -> Variable {
    tape.operation(value.broadcast(to: shape), of: [self], saving: self.shape, as: .broadcast) {
      shape, gradient, inputs in inputs.add(gradient.summed(to: shape), to: 0)
    }
  }
}
