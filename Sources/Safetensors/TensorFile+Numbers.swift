extension TensorFile {
  /// The numbers of a tensor of any type, converted to `Float` unless they are F32.
  ///
  /// Rounds to the nearest `Float`; throws for an F64 that is finite but would become infinite.
  public func floats(_ name: String) throws -> [Float] {
    let count = try require(name).count
    return try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      try read(name, into: buffer)
      initialized = count
    }
  }

  /// Reads the numbers of a tensor to where they are wanted, converted as by `floats`.
  ///
  /// `buffer` must have as many elements as the tensor, and may be uninitialized. F32 is
  /// read straight into it.
  public func read(_ name: String, into buffer: UnsafeMutableBufferPointer<Float>) throws {
    let info = try require(name)
    guard buffer.count == info.count else {
      throw error(
        name, "shape \(info.shape) has \(info.count) elements, expected \(buffer.count)")
    }
    switch info.type {
    case .f32: try read(info, from: 0, into: UnsafeMutableRawBufferPointer(buffer))
    case .f16:
      try convert(info, to: buffer) { (bits: UInt16) in Float(Float16(bitPattern: bits)) }
    case .bf16:
      try convert(info, to: buffer) { (bits: UInt16) in Float(bitPattern: UInt32(bits) << 16) }
    case .f8e4m3: try convert(info, to: buffer) { (bits: UInt8) in Float(e4m3: bits) }
    case .f8e5m2:
      try convert(info, to: buffer) { (bits: UInt8) in
        Float(Float16(bitPattern: UInt16(bits) << 8))
      }
    case .f64:
      try convert(info, to: buffer) { (value: Double) in
        let float = Float(value)
        if float.isInfinite && value.isFinite {
          throw error(name, "\(value) is beyond the range of F32")
        }
        return float
      }
    case .i64: try convert(info, to: buffer) { (value: Int64) in Float(value) }
    case .i32: try convert(info, to: buffer) { (value: Int32) in Float(value) }
    case .i16: try convert(info, to: buffer) { (value: Int16) in Float(value) }
    case .i8: try convert(info, to: buffer) { (value: Int8) in Float(value) }
    case .u64: try convert(info, to: buffer) { (value: UInt64) in Float(value) }
    case .u32: try convert(info, to: buffer) { (value: UInt32) in Float(value) }
    case .u16: try convert(info, to: buffer) { (value: UInt16) in Float(value) }
    case .u8: try convert(info, to: buffer) { (value: UInt8) in Float(value) }
    case .bool: try convert(info, to: buffer) { (value: UInt8) in value == 0 ? 0 : 1 }
    }
  }

  /// The numbers of a tensor of integers or of BOOL, exactly.
  public func integers(_ name: String) throws -> [Int] {
    let info = try require(name)
    return try [Int](unsafeUninitializedCapacity: info.count) { buffer, initialized in
      try readIntegers(info, into: buffer)
      initialized = info.count
    }
  }

  private func readIntegers(_ info: TensorInfo, into buffer: UnsafeMutableBufferPointer<Int>) throws
  {
    switch info.type {
    case .i64: try convert(info, to: buffer) { (value: Int64) in Int(value) }
    case .i32: try convert(info, to: buffer) { (value: Int32) in Int(value) }
    case .i16: try convert(info, to: buffer) { (value: Int16) in Int(value) }
    case .i8: try convert(info, to: buffer) { (value: Int8) in Int(value) }
    case .u64:
      try convert(info, to: buffer) { (value: UInt64) in
        guard let value = Int(exactly: value) else {
          throw error(info.name, "\(value) is greater than \(Int.max)")
        }
        return value
      }
    case .u32: try convert(info, to: buffer) { (value: UInt32) in Int(value) }
    case .u16: try convert(info, to: buffer) { (value: UInt16) in Int(value) }
    case .u8: try convert(info, to: buffer) { (value: UInt8) in Int(value) }
    case .bool: try convert(info, to: buffer) { (value: UInt8) in value == 0 ? 0 : 1 }
    case .f64, .f32, .f16, .bf16, .f8e4m3, .f8e5m2:
      throw error(info.name, "expected integers, found \(info.type.rawValue)")
    }
  }

  /// Reads a tensor in blocks through memory aligned for `Source`, and converts each element.
  private func convert<Source: BitwiseCopyable, Output: BitwiseCopyable>(
    _ info: TensorInfo, to output: UnsafeMutableBufferPointer<Output>,
    _ converted: (Source) throws -> Output
  ) throws {
    let size = MemoryLayout<Source>.size
    try withUnsafeTemporaryAllocation(of: Source.self, capacity: 32_768) { block in
      for start in stride(from: 0, to: output.count, by: block.count) {
        let part = UnsafeMutableBufferPointer(
          rebasing: block[..<min(block.count, output.count - start)])
        try read(info, from: start * size, into: UnsafeMutableRawBufferPointer(part))
        for i in part.indices { output[start + i] = try converted(part[i]) }
      }
    }
  }
}

extension Float {
  /// An 8-bit number of 4 bits of exponent and 3 of mantissa: no infinities, one NaN (OCP FP8).
  fileprivate init(e4m3 bits: UInt8) {
    let (exponent, mantissa) = (Int(bits >> 3 & 15), Float(bits & 7))
    let size: Float =
      if bits & 127 == 127 {
        Float(bitPattern: 0x7FF0_0000)  // the same mantissa
      } else if exponent == 0 {
        mantissa / 512
      } else {
        Float(sign: .plus, exponent: exponent - 7, significand: 1 + mantissa / 8)
      }
    self = bits < 128 ? size : -size
  }
}
