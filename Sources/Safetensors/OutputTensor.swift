/// A tensor to be written: its name, type and shape, and the way to its bytes.
public struct OutputTensor: Sendable {
  /// The name in the file.
  public let name: String
  /// How the numbers are stored.
  public let type: ElementType
  /// The sizes of the axes, outermost first; none for a single number.
  public let shape: [Int]
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
    self.name = name
    self.type = .f32
    self.shape = shape
    withBytes = { body in try withData { try body(UnsafeRawBufferPointer($0)) } }
  }

  /// An I64 tensor.
  public init(name: String, shape: [Int], integers: [Int]) {
    let values = integers.map(Int64.init)
    self.name = name
    self.type = .i64
    self.shape = shape
    withBytes = { body in try values.withUnsafeBytes(body) }
  }

  /// A tensor of any type from its bytes, which are little-endian.
  public init(name: String, type: ElementType, shape: [Int], bytes: [UInt8]) {
    self.name = name
    self.type = type
    self.shape = shape
    withBytes = { body in try bytes.withUnsafeBytes(body) }
  }
}
