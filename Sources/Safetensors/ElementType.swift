/// How the numbers of a tensor are stored; the raw value is the format's name for it.
public enum ElementType: String, CaseIterable, Hashable, Sendable {
  /// IEEE 754 numbers of 64 bits.
  case f64 = "F64"
  /// IEEE 754 numbers of 32 bits.
  case f32 = "F32"
  /// IEEE 754 numbers of 16 bits.
  case f16 = "F16"
  /// The upper 16 bits of an F32.
  case bf16 = "BF16"
  /// Signed integers of 64 bits.
  case i64 = "I64"
  /// Signed integers of 32 bits.
  case i32 = "I32"
  /// Signed integers of 16 bits.
  case i16 = "I16"
  /// Signed integers of 8 bits.
  case i8 = "I8"
  /// Unsigned integers of 64 bits.
  case u64 = "U64"
  /// Unsigned integers of 32 bits.
  case u32 = "U32"
  /// Unsigned integers of 16 bits.
  case u16 = "U16"
  /// Unsigned integers of 8 bits.
  case u8 = "U8"
  /// One byte each; 0 is false and everything else is true.
  case bool = "BOOL"

  /// Bytes of one element.
  package var byteCount: Int {
    switch self {
    case .f64, .i64, .u64: 8
    case .f32, .i32, .u32: 4
    case .f16, .bf16, .i16, .u16: 2
    case .i8, .u8, .bool: 1
    }
  }

  /// Bytes of a tensor of this shape, or nil where the sizes are negative or their product
  /// does not fit an `Int`.
  ///
  /// A size of 0 does not excuse the other sizes from fitting: strides are computed from them.
  func byteCount(shape: [Int]) -> Int? {
    var bytes = byteCount
    for size in shape where size != 0 {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: size)
      if size < 0 || overflow { return nil }
      bytes = product
    }
    return shape.contains(0) ? 0 : bytes
  }
}
