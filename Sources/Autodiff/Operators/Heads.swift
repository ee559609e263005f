/// The queries, keys or values of all heads: columns of a projection [..., N, width], one head's
/// after the other's.
///
/// ```swift
/// let qkv = projection(x)  // [B, N, 3 · H · D]
/// let q = Heads(qkv, count: h, size: d), k = Heads(qkv, from: h * d, count: h, size: d)
/// ```
///
/// They are read where they lie. Columns may be shared (queries that are also keys), and others may
/// be left unused.
public struct Heads {
  package let projection: Variable
  package let (first, count, size): (Int, Int, Int)

  /// `count` heads, H, of `size` columns each, D, from a column of a projection [..., N, width] on.
  ///
  /// - Precondition: the projection has these columns.
  public init(_ projection: Variable, from first: Int = 0, count: Int, size: Int) {
    let shape = projection.shape
    checkPrecondition(
      count > 0 && size > 0, "Heads: \(count) heads of \(size) columns in a projection \(shape)")
    checkPrecondition(
      shape.rank >= 2 && first >= 0 && first + count * size <= shape[-1],
      "Heads: \(count) heads of \(size) columns need columns \(first) ..< \(first + count * size) "
        + "of a projection [..., N, width], found \(shape)")
    (self.projection, self.first, self.count, self.size) = (projection, first, count, size)
  }

  var width: Int { count * size }  // the columns of all heads, H · D
  var tokens: Int { projection.shape[-2] }  // the number of tokens, N
  /// The axes before tokens and columns.
  var leading: Shape { projection.shape.prefix(projection.shape.rank - 2) }
  /// Their numbers, without their place on the tape.
  var columns: HeadColumns { HeadColumns(tensor: projection.value, first: first, size: size) }
  /// `4 heads of 48 in [8, 196, 384]`
  var text: String { "\(count) heads of \(size) in \(projection.shape)" }
}

/// The numbers of `Heads`.
struct HeadColumns {
  let tensor: Tensor  // [..., N, width]
  let first, size: Int

  var stride: Int { tensor.shape[-1] }  // elements between two tokens

  /// Where a head of an image starts, from one of its tokens on.
  func offset(image: Int, head: Int, token: Int = 0) -> Int {
    (image * tensor.shape[-2] + token) * stride + first + head * size
  }

  /// A head of an image, [N - token, D].
  func matrix(image: Int, head: Int, token: Int = 0) -> Matrix {
    Matrix(tensor.pointer + offset(image: image, head: head, token: token), stride)
  }
}
