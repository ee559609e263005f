/// A tensor to be written: its name, type and shape, and the way to its bytes.
public struct OutputTensor: Sendable {
  package let name: String
  let type: ElementType
  package let shape: [Int]
  /// Lends the bytes to its argument, once.
  let withBytes: @Sendable (_ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Void

  /// An F32 tensor from its numbers.
  public init(name: String, shape: [Int], data: [Float]) {
    self.init(name: name, shape: shape) { body in try data.withUnsafeBufferPointer(body) }
  }

  /// An F32 tensor whose numbers stay where they are until they are written.
  ///
  /// `withData` is called once, by `SafetensorsWriter.write`, and lends the numbers to its
  /// argument, as in `{ body in try values.withUnsafeBufferPointer(body) }`.
  public init(
    name: String, shape: [Int],
    withData:
      @escaping @Sendable (
        _ body: (UnsafeBufferPointer<Float>) throws -> Void
      ) throws -> Void
  ) {
    (self.name, type, self.shape) = (name, .f32, shape)
    withBytes = { body in try withData { try body(UnsafeRawBufferPointer($0)) } }
  }

  /// A tensor of any type whose bytes, which are little-endian, are made when they are written.
  package init(
    name: String, type: ElementType, shape: [Int],
    withBytes:
      @escaping @Sendable (_ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) {
    (self.name, self.type, self.shape, self.withBytes) = (name, type, shape, withBytes)
  }

  package init(name: String, shape: [Int], integers: [Int]) {
    let values = integers.map(Int64.init)
    (self.name, type, self.shape) = (name, .i64, shape)
    withBytes = { body in try values.withUnsafeBytes(body) }
  }

  /// A tensor of any type from its bytes, which are little-endian.
  public init(name: String, type: ElementType, shape: [Int], bytes: [UInt8]) {
    (self.name, self.type, self.shape) = (name, type, shape)
    withBytes = { body in try bytes.withUnsafeBytes(body) }
  }
}
