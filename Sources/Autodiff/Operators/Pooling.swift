extension Variable {
  /// The largest pixel of each square: [B, C, H, W] → [B, C, H', W'], with H' = ⌊(H + 2 · padding −
  /// size) / stride⌋ + 1. Squares lie side by side unless a `stride` is given; what reaches over
  /// the edge does not count.
  ///
  /// The derivative goes to the first of equal ones. PyTorch equivalent: `F.max_pool2d(x, size,
  /// stride, padding)`.
  public func maxPooled(_ size: Int, stride: Int? = nil, padding: Int = 0) -> Variable {
    // Minus infinity around the image, so that the largest is always a pixel.
    let framed = framed(by: padding, -.infinity)
    return framed.pooled("maxPooled", self, PatchWindow(size, stride, 0), padding) { $0.max(-1) }
  }

  /// The mean of each square, as ``maxPooled(_:stride:padding:)`` cuts them; pixels beyond the edge
  /// count as zeros.
  ///
  /// PyTorch equivalent: `F.avg_pool2d(x, size, stride, padding)`.
  public func averagePooled(_ size: Int, stride: Int? = nil, padding: Int = 0) -> Variable {
    pooled("averagePooled", self, PatchWindow(size, stride, padding), padding) { $0.mean(-1) }
  }

  /// What `fold` makes of the pixels of each square, [B · C, N, size²] → [B · C, N].
  private func pooled(
    _ name: String, _ images: Variable, _ window: PatchWindow, _ padding: Int,
    _ fold: (Variable) -> Variable
  ) -> Variable {
    let given = images.shape
    checkPrecondition(
      given.rank == 4 && window.size > 0 && window.stride > 0 && padding >= 0
        && 2 * padding <= window.size && min(given[2], given[3]) + 2 * padding >= window.size,
      "\(name): images \(given), size \(window.size), stride \(window.stride), padding \(padding)")
    let planes = reshaped([shape[0] * shape[1], 1, shape[2], shape[3]])
    let (rows, columns) = (window.count(shape[2]), window.count(shape[3]))
    return fold(planes.patches(window)).reshaped([shape[0], shape[1], rows, columns])
  }

  /// The images [B, C, H, W] with `width` pixels of `value` around each.
  private func framed(by width: Int, _ value: Float) -> Variable {
    guard width > 0, shape.rank == 4 else { return self }
    return [2, 3].reduce(self) { images, axis in
      let edge = Tensor(repeating: value, images.shape.replacing(axis, with: width))
      let constant = tape.constant(edge)
      return .concatenated([constant, images, constant], axis)
    }
  }
}

extension PatchWindow {
  fileprivate init(_ size: Int, _ stride: Int?, _ padding: Int) {
    self.init(size: size, stride: stride ?? size, padding: padding)
  }
}
