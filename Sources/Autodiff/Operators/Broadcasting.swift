import CKernels

extension Shape {
  /// The shape that both are repeated to (NumPy's rule: axes aligned at the end, 1 meets any size).
  func broadcast(with other: Shape, _ name: StaticString) -> Shape {
    if self == other { return self }
    let rank = max(rank, other.rank)
    let (a, b) = (padded(to: rank), other.padded(to: rank))
    return Shape(
      zip(a, b).map { a, b in
        precondition(
          a == b || a == 1 || b == 1, "\(name): shapes \(self) and \(other) do not match")
        return a == 1 ? b : a
      })
  }

  /// The sizes with 1 in front, up to a rank.
  fileprivate func padded(to rank: Int) -> [Int] {
    Array(repeating: 1, count: rank - self.rank) + sizes
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
    precondition(large.rank >= small.rank, "broadcast: \(small) has a higher rank than \(large)")
    let sizes = small.padded(to: large.rank)
    for (s, l) in zip(sizes, large.sizes) {
      precondition(s == l || s == 1, "broadcast: \(small) cannot be repeated to \(large)")
    }
    guard large.elementCount > 0, let length = large.sizes.last else {
      if large.rank == 0 { body(0, 0, 0, 1) }
      return
    }
    let strides = zip(Shape(sizes).strides, sizes).map { $1 == 1 ? 0 : $0 }
    let outer = Array(large.sizes.dropLast())
    var index = [Int](repeating: 0, count: outer.count)
    var source = 0
    for row in 0..<(large.elementCount / length) {
      body(row * length, source, strides[outer.count], length)
      var axis = outer.count - 1
      while axis >= 0 {  // the next index, like an odometer
        index[axis] += 1
        source += strides[axis]
        if index[axis] < outer[axis] { break }
        source -= strides[axis] * outer[axis]
        index[axis] = 0
        axis -= 1
      }
    }
  }
}
