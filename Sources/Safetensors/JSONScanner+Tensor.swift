import Files

extension JSONScanner {
  /// Reads `{"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}`.
  mutating func info(of name: String) throws -> TensorInfo {
    tensor = name
    defer { tensor = nil }
    var type: ElementType?
    var shape: [Int]?
    var offsets: Range<Int>?
    try object { scanner, key in
      switch key {
      case "dtype": type = try scanner.elementType()
      case "shape": shape = try scanner.integers()
      case "data_offsets": offsets = try scanner.dataOffsets()
      default:
        throw scanner.error(
          "expected dtype, shape or data_offsets, found '\(key.printable())'")
      }
    }
    guard let type else { throw error("dtype is missing") }
    guard let shape else { throw error("shape is missing") }
    guard let offsets else { throw error("data_offsets is missing") }
    return TensorInfo(name: name, type: type, shape: shape, offsets: offsets)
  }

  private mutating func elementType() throws -> ElementType {
    let text = try string()
    if let type = ElementType(rawValue: text) { return type }
    let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
    throw error("dtype '\(text.printable())' is not supported; supported are \(known)")
  }

  private mutating func dataOffsets() throws -> Range<Int> {
    let values = try integers()
    guard values.count == 2 else {
      throw error("expected 2 data_offsets, found \(values.count)")
    }
    guard values[0] <= values[1] else {
      throw error("data_offsets begin at \(values[0]) and end before, at \(values[1])")
    }
    return values[0]..<values[1]
  }
}
