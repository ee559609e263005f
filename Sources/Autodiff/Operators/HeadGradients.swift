/// Which gradient tensor some heads write their columns into: one for each distinct projection
/// (MHSA has one, GPSA two); heads that share columns have one each, and these are added.
struct HeadGradients<let count: Int> {
  private var owner = InlineArray<count, Int>(repeating: 0)
  /// Whether the heads of a tensor fill it.
  private var isCovered = InlineArray<count, Bool>(repeating: false)

  init(_ heads: InlineArray<count, Heads>) {
    for index in 0..<count {
      let node = heads[index].projection.node
      owner[index] =
        (0..<index).first { first in
          owner[first] == first && node != nil && heads[first].projection.node == node
            && (first..<index).allSatisfy {
              owner[$0] != first || !heads[$0].overlaps(heads[index])
            }
        } ?? index
    }
    for index in 0..<count {
      let columns = (0..<count).reduce(0) { $0 + (owner[$1] == index ? heads[$1].width : 0) }
      isCovered[index] = columns == heads[index].projection.shape[-1]
    }
  }

  /// The gradients by the projections, to be written to; those of heads that are not the first to
  /// have theirs are not looked at.
  func tensors(_ heads: InlineArray<count, HeadColumns>) -> InlineArray<count, Tensor> {
    InlineArray { index in
      guard owner[index] == index else { return heads[index].tensor }
      let shape = heads[index].tensor.shape
      return isCovered[index] ? Tensor(unsafeUninitialized: shape) : Tensor(repeating: 0, shape)
    }
  }

  func pointers(
    _ tensors: inout InlineArray<count, Tensor>
  ) -> InlineArray<count, UnsafeMutablePointer<Float>> {
    InlineArray { index in tensors[owner[index]].mutablePointer() }
  }

  /// Adds the gradients to the operator's first inputs, which are the projections.
  func add(_ tensors: InlineArray<count, Tensor>, to inputs: inout Cotangents) {
    for index in 0..<count where owner[index] == index { inputs.add(tensors[index], to: index) }
  }
}

extension Heads {
  /// Whether some columns of the two are the same, if they are of one projection.
  fileprivate func overlaps(_ other: Heads) -> Bool {
    first < other.first + other.width && other.first < first + width
  }
}
