import CKernels

extension Tensor {
  /// Calls `body` with a tensor whose elements stay where they are: nothing is copied.
  ///
  /// ```swift
  /// let y = Tensor.borrowing(floats.span, [1, 196, 192]) { x in  // floats: [Float]
  ///   attention(tape.constant(x)).value
  /// }
  /// ```
  ///
  /// The tensor is like any other, and is copied when it is written to. It may not outlive the
  /// call, by itself or under another shape, on a tape that stays, or as the result. PyTorch
  /// equivalent: `torch.from_numpy`, which borrows for as long as it lasts.
  ///
  /// - Precondition: `shape` has as many elements as there are, and nothing refers to them when
  ///   `body` has returned.
  public static func borrowing<Result, E>(
    _ elements: Span<Float>, _ shape: Shape, _ body: (Tensor) throws(E) -> Result
  ) throws(E) -> Result {
    checkPrecondition(
      elements.count == shape.elementCount,
      "Tensor.borrowing: shape \(shape) needs \(shape.elementCount) elements, found "
        + "\(elements.count)")
    return try elements.withUnsafeBufferPointer { (buffer) throws(E) -> Result in
      guard let base = buffer.baseAddress else { return try body(Tensor(shape, [])) }
      var tensor = Tensor(shape, sharing: .borrow(base, nil, nil))
      defer {
        checkPrecondition(
          tensor.isLastReference,
          "Tensor.borrowing: a tensor outlives the call that lends its elements; copy them, as in "
            + "Tensor(x.shape, x.elements)")
      }
      return try body(tensor)
    }
  }

  /// A tensor of elements that others own, such as those of a mapped file or of another library's
  /// array: nothing is copied, and they are copied when the tensor is written to.
  ///
  /// The elements must stay, and stay as they are, until `release` is called, once, on whichever
  /// thread lets go of the last tensor that reads them. PyTorch equivalent: `torch.from_blob`.
  ///
  /// - Parameters:
  ///   - elements: as many as `shape` has, on any address that a `Float` may have.
  ///   - shape: the size of each axis.
  ///   - release: called once, when the elements are no longer read.
  public init(
    unsafeBorrowing elements: UnsafePointer<Float>, _ shape: Shape,
    release: @escaping @Sendable () -> Void
  ) {
    let owner = Unmanaged.passRetained(Release(action: release)).toOpaque()
    self.init(
      shape,
      sharing: .borrow(elements, owner) { owner in
        guard let owner else { return }
        Unmanaged<Release>.fromOpaque(owner).takeRetainedValue().action()
      })
  }

  /// What is done when borrowed elements are no longer read.
  private final class Release: Sendable {
    let action: @Sendable () -> Void
    init(action: @escaping @Sendable () -> Void) { self.action = action }
  }
}

extension Storage {
  fileprivate static func borrow(
    _ elements: UnsafePointer<Float>, _ owner: UnsafeMutableRawPointer?,
    _ end: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?
  ) -> Storage {
    guard let storage = ck_storage_borrow(elements, owner, end) else {
      MemoryShortage.fail(bytes: 64)
    }
    return storage
  }
}
