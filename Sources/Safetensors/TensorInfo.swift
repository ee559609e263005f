/// What a file says about one of its tensors.
public struct TensorInfo: Hashable, Sendable {
  /// The name, such as `blocks.0.attn.qk.weight`.
  public let name: String
  /// How the numbers are stored.
  public let type: ElementType
  /// The sizes of the axes, outermost first; none for a single number.
  public let shape: [Int]
  package let byteCount: Int

  /// Nil where the shape has more bytes than can be counted.
  package init?(name: String, type: ElementType, shape: [Int]) {
    guard let byteCount = type.byteCount(shape: shape) else { return nil }
    (self.name, self.type, self.shape, self.byteCount) = (name, type, shape, byteCount)
  }

  package var count: Int { byteCount / type.byteCount }
}
