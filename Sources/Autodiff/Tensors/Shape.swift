/// The sizes of a tensor's axes, outermost first; the empty shape is a single number.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  /// The size of each axis.
  public let sizes: [Int]
  /// The number of elements: the product of the sizes.
  public let elementCount: Int

  /// A shape from the sizes of its axes, none of them negative.
  public init(_ sizes: [Int]) {
    precondition(sizes.allSatisfy { $0 >= 0 }, "Shape: negative size in \(sizes)")
    self.sizes = sizes
    elementCount = sizes.reduce(1, *)
  }

  /// `[2, 3]`
  public init(arrayLiteral sizes: Int...) { self.init(sizes) }

  /// The number of axes.
  public var rank: Int { sizes.count }

  /// The size of an axis; negative axes count from the last, which is −1.
  public subscript(axis: Int) -> Int { sizes[resolved(axis)] }

  /// The axis as a number in 0 ..< rank; negative axes count from the end.
  public func resolved(_ axis: Int) -> Int {
    let index = axis < 0 ? axis + rank : axis
    precondition(sizes.indices.contains(index), "Shape: axis \(axis) of \(self)")
    return index
  }

  /// `[2, 3]`
  public var description: String { "[" + sizes.map(String.init).joined(separator: ", ") + "]" }

  /// The same axes with one of them resized.
  public func replacing(_ axis: Int, with size: Int) -> Shape {
    var sizes = sizes
    sizes[resolved(axis)] = size
    return Shape(sizes)
  }

  /// The same axes without one of them.
  public func removing(_ axis: Int) -> Shape {
    var sizes = sizes
    sizes.remove(at: resolved(axis))
    return Shape(sizes)
  }

  /// Elements between neighbours along each axis of a dense row-major tensor.
  public var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in sizes.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * sizes[axis + 1]
    }
    return strides
  }

  /// The elements outside, along and inside of an axis: a tensor is [outer, size, inner].
  func split(at axis: Int) -> (outer: Int, size: Int, inner: Int) {
    let axis = resolved(axis)
    return (
      sizes[..<axis].reduce(1, *), sizes[axis], sizes[(axis + 1)...].reduce(1, *)
    )
  }

  /// The tensor seen as a matrix: everything but the last axis, and the last axis.
  var matrix: (rows: Int, columns: Int) {
    guard let columns = sizes.last else { return (1, 1) }
    return (sizes.dropLast().reduce(1, *), columns)
  }
}
