extension Variable {
  /// Cuts images into patches: [B, C, H, W] → [B, N, C·p·p], patches row by row, and in a patch
  /// channel, row, column, as a convolution's weight [M, C, p, p] is laid out.
  public func patches(_ size: Int) -> Variable {
    let shape = shape
    checkPrecondition(
      shape.rank == 4 && shape[2] % size == 0 && shape[3] % size == 0,
      "patches: size \(size) does not divide images \(shape)")
    let grid = (rows: shape[2] / size, columns: shape[3] / size)
    let width = shape[1] * size * size
    let unfolded = Tensor(
      unsafeUninitialized: Shape(shape[0], grid.rows * grid.columns, width)
    ) { out in
      Variable.eachPatchRow(of: shape, size) { image, patch in
        (out + patch).update(from: value.pointer + image, count: size)
      }
    }
    return tape.operation(
      unfolded, of: [self], saving: (shape, size), as: .patches(size: size)
    ) { saved, gradient, inputs in
      let (shape, size) = saved
      let folded = Tensor(unsafeUninitialized: shape) { out in
        Variable.eachPatchRow(of: shape, size) { image, patch in
          (out + image).update(from: gradient.pointer + patch, count: size)
        }
      }
      inputs.add(folded, to: 0)
    }
  }

  /// Where each row of `size` pixels starts in the images and in the patches.
  private static func eachPatchRow(
    of shape: Shape, _ size: Int, _ body: (_ image: Int, _ patch: Int) -> Void
  ) {
    let (channels, height, width) = (shape[1], shape[2], shape[3])
    var patch = 0
    for image in 0..<shape[0] {
      for row in stride(from: 0, to: height, by: size) {
        for column in stride(from: 0, to: width, by: size) {
          for channel in 0..<channels {
            for y in row..<row + size {
              body(((image * channels + channel) * height + y) * width + column, patch)
              patch += size
            }
          }
        }
      }
    }
  }
}
