import CKernels

extension Tensor {
  /// The axes in another order: axis k of the result is axis `order[k]` of this tensor.
  public func permuted(_ order: [Int]) -> Tensor {
    precondition(order.sorted() == Array(0..<shape.rank), "permuted: axes \(order) of \(shape)")
    guard let innermost = order.last else { return self }
    let target = Shape(order.map { shape.sizes[$0] })
    let strides = shape.strides
    let (step, length) = (strides[innermost], target[-1])
    return Tensor(unsafeUninitialized: target) { out in
      guard target.elementCount > 0 else { return }
      var index = [Int](repeating: 0, count: order.count - 1)
      var source = 0
      for row in 0..<(target.elementCount / length) {
        let to = out + row * length
        let from = pointer + source
        if step == 1 {
          to.update(from: from, count: length)
        } else {
          for i in 0..<length { to[i] = from[i * step] }
        }
        for k in index.indices.reversed() {
          index[k] += 1
          source += strides[order[k]]
          if index[k] < target.sizes[k] { break }
          source -= strides[order[k]] * target.sizes[k]
          index[k] = 0
        }
      }
    }
  }

  /// The elements of a range along an axis.
  public func sliced(_ axis: Int, _ range: Range<Int>) -> Tensor {
    let (outer, size, inner) = shape.split(at: axis)
    precondition(
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

  /// Adds a tensor to the elements of a range along an axis: the derivative of `sliced`.
  mutating func addSlice(_ slice: Tensor, _ axis: Int, from start: Int) {
    let (outer, size, inner) = shape.split(at: axis)
    let length = slice.shape[axis] * inner
    let out = mutablePointer()
    for o in 0..<outer {
      ck_axpy(out + (o * size + start) * inner, 1, slice.pointer + o * length, length)
    }
  }

  /// Tensors side by side along an axis.
  public static func concatenated(_ parts: [Tensor], _ axis: Int) -> Tensor {
    guard let first = parts.first else { preconditionFailure("concatenated: nothing given") }
    let axis = first.shape.resolved(axis)
    for part in parts {
      precondition(
        part.shape.removing(axis) == first.shape.removing(axis),
        "concatenated: shapes \(first.shape) and \(part.shape) along axis \(axis)")
    }
    let size = parts.reduce(0) { $0 + $1.shape[axis] }
    let (outer, _, inner) = first.shape.split(at: axis)
    return Tensor(unsafeUninitialized: first.shape.replacing(axis, with: size)) { out in
      var start = 0
      for part in parts {
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
    tape.operation(value.reshaped(shape), of: [self]) { [old = self.shape] gradient, inputs in
      inputs.add(gradient.reshaped(old), to: 0)
    }
  }

  /// The axes in another order: axis k of the result is axis `order[k]` of this tensor.
  public func permuted(_ order: Int...) -> Variable {
    let result = value.permuted(order)
    var inverse = order
    for (k, axis) in order.enumerated() { inverse[axis] = k }
    return tape.operation(result, of: [self]) { [inverse] gradient, inputs in
      inputs.add(gradient.permuted(inverse), to: 0)
    }
  }

  /// The elements of a range along an axis.
  public func sliced(_ axis: Int, _ range: Range<Int>) -> Variable {
    tape.operation(value.sliced(axis, range), of: [self]) { [shape] gradient, inputs in
      var spread = Tensor(repeating: 0, shape)
      spread.addSlice(gradient, axis, from: range.lowerBound)
      inputs.add(spread, to: 0)
    }
  }

  /// Tensors side by side along an axis.
  public static func concatenated(_ parts: [Variable], _ axis: Int) -> Variable {
    let value = Tensor.concatenated(parts.map(\.value), axis)
    let sizes = parts.map { $0.shape[axis] }
    return parts[0].tape.operation(value, of: parts) { gradient, inputs in
      var start = 0
      for (k, size) in sizes.enumerated() {
        inputs.add(gradient.sliced(axis, start..<start + size), to: k)
        start += size
      }
    }
  }

  /// The elements at the given places along an axis, which may repeat.
  public func gathered(_ axis: Int, _ places: [Int]) -> Variable {
    let (outer, size, inner) = shape.split(at: axis)
    precondition(
      places.allSatisfy { 0..<size ~= $0 }, "gathered: places \(places) of axis \(axis) of \(shape)"
    )
    let count = places.count
    let result = Tensor(unsafeUninitialized: shape.replacing(axis, with: count)) { out in
      for o in 0..<outer {
        for (k, place) in places.enumerated() {
          (out + (o * count + k) * inner).update(
            from: value.pointer + (o * size + place) * inner, count: inner)
        }
      }
    }
    return tape.operation(result, of: [self]) { [shape] gradient, inputs in
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
    tape.operation(value.broadcast(to: shape), of: [self]) { [old = self.shape] gradient, inputs in
      inputs.add(gradient.summed(to: old), to: 0)
    }
  }
}
