/// What the header of a safetensors file says about one tensor.
public struct TensorInfo: Hashable, Sendable {
  /// The name, such as `blocks.0.attn.qk.weight`.
  public let name: String
  /// How the numbers are stored.
  public let type: ElementType
  /// The sizes of the axes, outermost first; none for a single number.
  public let shape: [Int]
  /// Where the bytes are, counted from the first byte after the header.
  package let offsets: Range<Int>

  package var count: Int { offsets.count / type.byteCount }
  package var byteCount: Int { offsets.count }
}
