import Safetensors

/// What is known of the classes and functions that `torch.save` names.
enum TorchNames {
  /// How PyTorch makes tensors that are no plain tensors, by the function.
  static let otherTensors = [
    "torch._utils._rebuild_sparse_tensor": "a sparse tensor",
    "torch._utils._rebuild_sparse_csr_tensor": "a sparse tensor",
    "torch._utils._rebuild_qtensor": "a quantised tensor",
    "torch._utils._rebuild_meta_tensor_no_storage": "a meta tensor, which has no numbers",
    "torch._utils._rebuild_nested_tensor": "a nested tensor",
  ]

  static let dictionaries: Set = [
    "collections.OrderedDict", "collections.defaultdict", "builtins.dict", "__builtin__.dict",
  ]

  static let sets: Set = [
    "builtins.set", "__builtin__.set", "builtins.frozenset", "__builtin__.frozenset",
  ]

  static let types: [String: ElementType] = [
    "torch.float64": .f64, "torch.float32": .f32, "torch.float16": .f16, "torch.bfloat16": .bf16,
    "torch.float8_e4m3fn": .f8e4m3, "torch.float8_e5m2": .f8e5m2,
    "torch.int64": .i64, "torch.int32": .i32, "torch.int16": .i16, "torch.int8": .i8,
    "torch.uint64": .u64, "torch.uint32": .u32, "torch.uint16": .u16, "torch.uint8": .u8,
    "torch.bool": .bool,
  ]
}

/// What a storage holds, by the name of its class.
struct StorageType: Hashable {
  /// How its numbers are stored; nil for bytes of any type, and for what no plain tensor has.
  let element: ElementType?
  /// Bytes of an element.
  let byteCount: Int
  /// What tensors in it are, if they are no plain ones.
  let kind: String?

  private init(_ element: ElementType) {
    (self.element, byteCount, kind) = (element, element.byteCount, nil)
  }

  private init(_ byteCount: Int, _ kind: String?) {
    (element, self.byteCount, self.kind) = (nil, byteCount, kind)
  }

  /// Nil for an unknown class. Older files have the classes of `torch.cuda`, too.
  init?(_ name: String) {
    let plain = name.hasPrefix("torch.cuda.") ? "torch." + name.dropFirst(11) : name
    guard let known = Self.known[plain] else { return nil }
    self = known
  }

  var isUntyped: Bool { element == nil && kind == nil }

  private static let known: [String: StorageType] = [
    "torch.DoubleStorage": .init(.f64), "torch.FloatStorage": .init(.f32),
    "torch.HalfStorage": .init(.f16), "torch.BFloat16Storage": .init(.bf16),
    "torch.LongStorage": .init(.i64), "torch.IntStorage": .init(.i32),
    "torch.ShortStorage": .init(.i16), "torch.CharStorage": .init(.i8),
    "torch.ByteStorage": .init(.u8), "torch.BoolStorage": .init(.bool),
    "torch.storage.UntypedStorage": .init(1, nil), "torch.storage._UntypedStorage": .init(1, nil),
    "torch.UntypedStorage": .init(1, nil),
    "torch.ComplexDoubleStorage": .init(16, "a complex tensor"),
    "torch.ComplexFloatStorage": .init(8, "a complex tensor"),
    "torch.QInt8Storage": .init(1, "a quantised tensor"),
    "torch.QUInt8Storage": .init(1, "a quantised tensor"),
    "torch.QInt32Storage": .init(4, "a quantised tensor"),
    "torch.QUInt4x2Storage": .init(1, "a quantised tensor"),
    "torch.QUInt2x4Storage": .init(1, "a quantised tensor"),
  ]
}
