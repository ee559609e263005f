/// How the numbers of a tensor are stored; the raw value is the format's name for it.
///
/// F64, F32 and F16 are IEEE 754 numbers of so many bits, BF16 the upper 16 bits of an F32, F8
/// numbers of 8 bits with so many of exponent (E) and mantissa (M); I and U are integers with and
/// without sign. BOOL is a byte: 0 is false, and everything else is true.
public enum ElementType: String, CaseIterable, Hashable, Sendable {
  case f64 = "F64"
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"
  case f8e4m3 = "F8_E4M3"
  case f8e5m2 = "F8_E5M2"
  case i64 = "I64"
  case i32 = "I32"
  case i16 = "I16"
  case i8 = "I8"
  case u64 = "U64"
  case u32 = "U32"
  case u16 = "U16"
  case u8 = "U8"
  case bool = "BOOL"

  package var byteCount: Int {
    switch self {
    case .f64, .i64, .u64: 8
    case .f32, .i32, .u32: 4
    case .f16, .bf16, .i16, .u16: 2
    case .i8, .u8, .bool, .f8e4m3, .f8e5m2: 1
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
