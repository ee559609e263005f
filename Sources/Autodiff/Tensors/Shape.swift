/// The sizes of a tensor's axes, outermost first; the empty shape is a single number.
///
/// There are six axes at most, so that a shape is its numbers alone and nothing to allocate.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  /// A number for each axis, and zeros where there is none.
  package typealias Axes = InlineArray<6, Int>

  private var axes = Axes(repeating: 0)
  /// The number of axes.
  public private(set) var rank = 0
  /// The number of elements: the product of the sizes.
  public private(set) var elementCount = 1

  /// A shape from the sizes of its axes, none of them negative.
  public init(_ sizes: [Int]) {
    for size in sizes { append(size) }
  }

  /// `[2, 3]`; inlined, so that the literal's array may be on the stack.
  @inlinable @inline(__always)
  public init(arrayLiteral sizes: Int...) {
    self.init()
    for index in sizes.indices { append(sizes[index]) }
  }

  /// `Shape(2, 3)`: the same, surely without an array.
  @inlinable public init<each Size: BinaryInteger>(_ size: repeat each Size) {
    self.init()
    for size in repeat each size { append(Int(size)) }
  }

  @usableFromInline init() {}

  @usableFromInline mutating func append(_ size: Int) {
    checkPrecondition(
      size >= 0, "Shape: size \(size) after \(self); sizes are 0 or more, and none is inferred")
    checkPrecondition(
      rank < axes.count, "Shape: more than \(axes.count) axes, \(size) after \(self)")
    axes[rank] = size
    rank += 1
    elementCount *= size
  }

  /// The sizes of all axes.
  public var sizes: [Int] { (0..<rank).map { axes[$0] } }

  /// The size of an axis; negative axes count from the last, which is −1.
  public subscript(axis: Int) -> Int { axes[resolved(axis)] }

  func resolved(_ axis: Int) -> Int {
    let index = axis < 0 ? axis + rank : axis
    checkPrecondition(
      index >= 0 && index < rank,
      "Shape: axis \(axis) of \(self), which has \(rank) axes, of which the first is 0 and "
        + "the last -1")
    return index
  }

  /// `[2, 3]`
  public var description: String { "[" + sizes.map(String.init).joined(separator: ", ") + "]" }

  /// The axes of `a`, then those of `b`: `[4] + model.input` is the shape of four examples.
  public static func + (a: Shape, b: Shape) -> Shape { Shape(a.sizes + b.sizes) }

  /// The same axes with one of them resized.
  public func replacing(_ axis: Int, with size: Int) -> Shape { replacing(axis, by: size) }

  /// The same axes without one of them.
  public func removing(_ axis: Int) -> Shape { replacing(axis, by: nil) }

  private func replacing(_ axis: Int, by size: Int?) -> Shape {
    let axis = resolved(axis)
    var shape = prefix(axis)
    if let size { shape.append(size) }
    for inner in axis + 1..<rank { shape.append(axes[inner]) }
    return shape
  }

  func prefix(_ count: Int) -> Shape {
    var shape: Shape = []
    for axis in 0..<count { shape.append(axes[axis]) }
    return shape
  }

  /// The same sizes with axes of 1 in front, up to a rank.
  func padded(to rank: Int) -> Shape {
    var shape: Shape = []
    for _ in self.rank..<rank { shape.append(1) }
    for axis in 0..<self.rank { shape.append(axes[axis]) }
    return shape
  }

  /// Elements between neighbours along each axis of a dense row-major tensor.
  package var strides: Axes {
    var strides = Axes(repeating: 0)
    var stride = 1
    for axis in (0..<rank).reversed() {
      strides[axis] = stride
      stride *= axes[axis]
    }
    return strides
  }

  /// The elements outside, along and inside of an axis: a tensor is [outer, size, inner].
  func split(at axis: Int) -> (outer: Int, size: Int, inner: Int) {
    let axis = resolved(axis)
    let inner = (axis + 1..<rank).reduce(1) { $0 * axes[$1] }
    return (prefix(axis).elementCount, axes[axis], inner)
  }

  /// The tensor seen as a matrix: everything but the last axis, and the last axis.
  var matrix: (rows: Int, columns: Int) {
    rank == 0 ? (1, 1) : (prefix(rank - 1).elementCount, axes[rank - 1])
  }

  /// Whether ranks and sizes are equal.
  public static func == (a: Shape, b: Shape) -> Bool {
    a.rank == b.rank && (0..<a.rank).allSatisfy { a.axes[$0] == b.axes[$0] }
  }

  /// Hashes the sizes.
  public func hash(into hasher: inout Hasher) {
    for axis in 0..<rank { hasher.combine(axes[axis]) }
  }
}
