import CKernels

/// Numbers in a dense, row-major block: a value, copied when written to while shared.
///
/// ```swift
/// let x = Tensor([2, 3], [1, 2, 3, 4, 5, 6])
/// x[1, 0]  // 4
/// ```
public struct Tensor: Sendable {
  /// The size of each axis.
  public let shape: Shape
  private var storage: Storage

  /// A tensor whose elements `initialize` writes, all of them; it is not called where costs are
  /// counted (``Costs``), and elements are zeros there.
  public init(
    unsafeUninitialized shape: Shape, _ initialize: (UnsafeMutablePointer<Float>) -> Void = { _ in }
  ) {
    self.init(unsafeUninitialized: shape, evenIfDry: false, initialize)
  }

  /// The same, where a dry run calls `initialize` if it is to: for products, which it counts, and
  /// for numbers that were given.
  init(
    unsafeUninitialized shape: Shape, evenIfDry: Bool,
    _ initialize: (UnsafeMutablePointer<Float>) -> Void
  ) {
    self.shape = shape
    storage = .make(count: shape.elementCount)
    if evenIfDry || !DryRun.isOn { initialize(storage.pointer) }
  }

  /// A tensor from its elements, the last axis fastest.
  public init(_ shape: Shape, _ elements: [Float]) {
    checkPrecondition(
      elements.count == shape.elementCount,
      "Tensor: shape \(shape) needs \(shape.elementCount) elements, found \(elements.count)")
    self.init(unsafeUninitialized: shape, evenIfDry: true) { out in
      elements.withUnsafeBufferPointer { source in
        if let base = source.baseAddress { out.update(from: base, count: source.count) }
      }
    }
  }

  /// A tensor whose elements are all the same.
  public init(repeating value: Float, _ shape: Shape) {
    let count = shape.elementCount
    self.init(unsafeUninitialized: shape, evenIfDry: value.bitPattern != 0) { out in
      guard value.bitPattern == 0 else { return ck_fill(out, value, count) }
      UnsafeMutableRawPointer(out).initializeMemory(as: UInt8.self, repeating: 0, count: 4 * count)
    }
  }

  package init(_ value: Float) { self.init(repeating: value, []) }

  init(_ shape: Shape, sharing storage: Storage) {
    self.shape = shape
    self.storage = storage
  }

  /// The number of elements.
  public var count: Int { shape.elementCount }

  /// The elements, the last axis fastest.
  public var elements: [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      if let base = buffer.baseAddress { base.update(from: pointer, count: count) }
      filled = count
    }
  }

  package var isFinite: Bool { ck_all_finite(pointer, count) != 0 }

  /// The one element of a tensor that has a single one.
  public var item: Float {
    checkPrecondition(count == 1, "Tensor.item: shape \(shape) has \(count) elements")
    return pointer[0]
  }

  /// One element, by its index on each axis.
  public subscript(indices: Int...) -> Float {
    checkPrecondition(
      indices.count == shape.rank
        && indices.indices.allSatisfy { 0..<shape[$0] ~= indices[$0] },
      "Tensor: index \(indices) of shape \(shape)")
    let strides = shape.strides
    return pointer[indices.indices.reduce(0) { $0 + indices[$1] * strides[$1] }]
  }

  /// The same elements under another shape of equal count; nothing is copied.
  public func reshaped(_ shape: Shape) -> Tensor {
    checkPrecondition(
      shape.elementCount == count,
      "Tensor.reshaped: \(self.shape) has \(count) elements, and \(shape) \(shape.elementCount)")
    return Tensor(shape, sharing: storage)
  }

  /// Where the elements are; valid while the tensor (or a copy of it) lives.
  var pointer: UnsafePointer<Float> { UnsafePointer(storage.pointer) }

  /// Whether no other tensor has these elements.
  var isLastReference: Bool { mutating get { ck_storage_is_last(&storage) } }

  /// Where the elements may be written: the tensor's own memory, copied first if it is shared.
  mutating func mutablePointer() -> UnsafeMutablePointer<Float> {
    if !ck_storage_is_unique(&storage) {
      let copy = Storage.make(count: count)
      if !ck_storage_is_dry(storage) { copy.pointer.update(from: storage.pointer, count: count) }
      storage = copy
    }
    return storage.pointer
  }

  /// Calls `body` with the elements.
  public func withUnsafeBufferPointer<R, E>(
    _ body: (UnsafeBufferPointer<Float>) throws(E) -> R
  ) throws(E) -> R {
    try body(UnsafeBufferPointer(start: pointer, count: count))
  }

  /// Calls `body` with the elements to write; they are copied first if they are shared.
  public mutating func withUnsafeMutableBufferPointer<R, E>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws(E) -> R
  ) throws(E) -> R {
    try body(UnsafeMutableBufferPointer(start: mutablePointer(), count: count))
  }
}

extension Tensor: Equatable, CustomStringConvertible {
  /// Equal shapes and equal elements (so a NaN makes a tensor differ from itself).
  public static func == (a: Tensor, b: Tensor) -> Bool {
    guard a.shape == b.shape else { return false }
    return (0..<a.count).allSatisfy { a.pointer[$0] == b.pointer[$0] }
  }

  /// The shape and the first elements.
  public var description: String {
    let shown = (0..<min(count, 8)).map { "\(pointer[$0])" }.joined(separator: ", ")
    return "Tensor \(shape) (\(shown)\(count > 8 ? ", …" : ""))"
  }
}
