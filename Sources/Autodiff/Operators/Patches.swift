/// Where squares of `size` × `size` pixels are cut out of an image: every `stride` pixels, with
/// `padding` pixels of zeros around the image.
package struct PatchWindow: Hashable, Sendable {
  package let size, stride, padding: Int

  /// How many squares fit along an axis of `length` pixels.
  package func count(_ length: Int) -> Int { (length + 2 * padding - size) / stride + 1 }

  /// Whether every pixel is in one square.
  package func tiles(_ shape: Shape) -> Bool {
    stride == size && padding == 0 && shape[2] % size == 0 && shape[3] % size == 0
  }
}

extension Variable {
  /// Cuts images into patches: [B, C, H, W] → [B, N, C·p·p], patches row by row, and in a patch
  /// channel, row, column, as a convolution's weight [M, C, p, p] is laid out.
  public func patches(_ size: Int) -> Variable {
    checkPrecondition(
      shape.rank == 4 && shape[2] % size == 0 && shape[3] % size == 0,
      "patches: images \(shape), expected [batch, channels, height, width] with sides that "
        + "\(size) divides")
    return patches(PatchWindow(size: size, stride: size, padding: 0))
  }

  /// The same of squares that may overlap, leave pixels out, and reach over the edge, where zeros
  /// are. PyTorch equivalent: `unfold(size, padding=…, stride=…).transpose(1, 2)`.
  func patches(_ window: PatchWindow) -> Variable {
    let shape = shape
    let count = window.count(shape[2]) * window.count(shape[3])
    let width = shape[1] * window.size * window.size
    let unfolded = Tensor(unsafeUninitialized: Shape(shape[0], count, width)) { out in
      window.eachRow(of: shape) { image, patch, columns in
        let row = out + patch
        row.update(repeating: 0, count: columns.lowerBound)
        (row + columns.lowerBound).update(from: value.pointer + image, count: columns.count)
        (row + columns.upperBound).update(repeating: 0, count: window.size - columns.upperBound)
      }
    }
    return tape.operation(
      unfolded, of: [self], saving: (shape, window), as: .patches(window)
    ) { saved, gradient, inputs in
      let (shape, window) = saved
      let folded = Tensor(unsafeUninitialized: shape) { out in
        let isTiled = window.tiles(shape)
        if !isTiled { out.update(repeating: 0, count: shape.elementCount) }
        window.eachRow(of: shape) { image, patch, columns in
          let (pixels, row) = (out + image, gradient.pointer + patch + columns.lowerBound)
          guard !isTiled else { return pixels.update(from: row, count: columns.count) }
          for column in 0..<columns.count { pixels[column] += row[column] }
        }
      }
      inputs.add(folded, to: 0)
    }
  }
}

extension PatchWindow {
  /// Where each row of pixels starts in the images and in the patches, and which of its columns are
  /// in the image: none where the whole row is outside.
  fileprivate func eachRow(
    of shape: Shape, _ body: (_ image: Int, _ patch: Int, _ columns: Range<Int>) -> Void
  ) {
    let (channels, height, width) = (shape[1], shape[2], shape[3])
    var patch = 0
    for image in 0..<shape[0] {
      for top in (0..<count(height)).lazy.map({ $0 * stride - padding }) {
        for left in (0..<count(width)).lazy.map({ $0 * stride - padding }) {
          let start = min(max(0, -left), size)
          let columns = start..<max(start, min(size, width - left))
          for channel in 0..<channels {
            for y in top..<top + size {
              let row = ((image * channels + channel) * height + y) * width
              let isInside = y >= 0 && y < height && !columns.isEmpty
              body(isInside ? row + left + start : 0, patch, isInside ? columns : 0..<0)
              patch += size
            }
          }
        }
      }
    }
  }
}
