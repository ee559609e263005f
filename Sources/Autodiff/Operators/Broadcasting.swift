import CKernels

extension Shape {
  /// The shape that both are repeated to (NumPy's rule: axes aligned at the end, 1 meets any size).
  func broadcast(with other: Shape, _ name: StaticString) -> Shape {
    if self == other { return self }
    let rank = max(rank, other.rank)
    let (a, b) = (padded(to: rank), other.padded(to: rank))
    var shape: Shape = []
    for axis in 0..<rank {
      checkPrecondition(
        a[axis] == b[axis] || a[axis] == 1 || b[axis] == 1,
        "\(name): shapes \(self) and \(other) do not match; from the last axis on, sizes must be "
          + "equal or one of them 1")
      shape.append(a[axis] == 1 ? b[axis] : a[axis])
    }
    return shape
  }
}

extension Tensor {
  /// The elements repeated along axes of size 1 (or absent) to fill `target`.
  func broadcast(to target: Shape) -> Tensor {
    if shape == target { return self }
    return Tensor(unsafeUninitialized: target) { out in
      Tensor.eachRow(of: target, against: shape) { offset, source, step, length in
        if step == 0 {
          ck_fill(out + offset, pointer[source], length)
        } else {
          (out + offset).update(from: pointer + source, count: length)
        }
      }
    }
  }

  /// The sums of the elements that `broadcast` would have repeated: its derivative.
  func summed(to target: Shape) -> Tensor {
    if shape == target { return self }
    return Tensor(unsafeUninitialized: target) { out in
      ck_fill(out, 0, target.elementCount)
      Tensor.eachRow(of: shape, against: target) { offset, source, step, length in
        if step == 0 {
          out[source] += ck_sum(pointer + offset, length)
        } else {
          ck_axpy(out + source, 1, pointer + offset, length)
        }
      }
    }
  }

  /// Calls `body` for each row (last axis) of `large` with its offset, the offset of the elements
  /// of `small` that it is matched with, and whether these advance along the row (step 0 or 1).
  private static func eachRow(
    of large: Shape, against small: Shape,
    _ body: (_ offset: Int, _ source: Int, _ step: Int, _ length: Int) -> Void
  ) {
    checkPrecondition(
      large.rank >= small.rank, "broadcast: \(small) has a higher rank than \(large)")
    let matched = small.padded(to: large.rank)
    var strides = matched.strides
    for axis in 0..<large.rank {
      checkPrecondition(
        matched[axis] == large[axis] || matched[axis] == 1,
        "broadcast: \(small) cannot be repeated to \(large)")
      if matched[axis] == 1 { strides[axis] = 0 }
    }
    large.eachRow(strides, body)
  }
}

extension Shape {
  /// Calls `body` for each row (last axis) of a tensor of this shape with its offset, and where and
  /// how far apart its elements are in another tensor, which has these strides.
  func eachRow(
    _ strides: Axes, _ body: (_ offset: Int, _ source: Int, _ step: Int, _ length: Int) -> Void
  ) {
    guard elementCount > 0 else { return }
    guard rank > 0 else { return body(0, 0, 0, 1) }
    let (last, length) = (rank - 1, self[-1])
    var index = Axes(repeating: 0)
    var source = 0
    for row in 0..<(elementCount / length) {
      body(row * length, source, strides[last], length)
      var axis = last - 1
      while axis >= 0 {  // the next index, like an odometer
        index[axis] += 1
        source += strides[axis]
        if index[axis] < self[axis] { break }
        source -= strides[axis] * self[axis]
        index[axis] = 0
        axis -= 1
      }
    }
  }
}
