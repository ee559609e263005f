import Files

/// Reads the JSON of a header: what it says, not yet whether the file can hold it.
struct HeaderParser {
  private(set) var metadata: [String: String] = [:]
  private(set) var tensors: [TensorInfo] = []  // in the order of the header

  init(_ bytes: [UInt8], path: String) throws {
    var scanner = JSONScanner(bytes, path: path)
    try scanner.object { scanner, key in
      if key == "__metadata__" {
        try scanner.object { scanner, key in metadata[key] = try scanner.string() }
      } else {
        scanner.tensor = key
        tensors.append(try Self.tensor(key, &scanner))
        scanner.tensor = nil
      }
    }
    try scanner.end()
  }

  /// Reads `{"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}`.
  private static func tensor(_ name: String, _ scanner: inout JSONScanner) throws -> TensorInfo {
    var type: ElementType?
    var shape: [Int]?
    var offsets: Range<Int>?
    try scanner.object { scanner, key in
      switch key {
      case "dtype": type = try elementType(&scanner)
      case "shape": shape = try scanner.integers()
      case "data_offsets": offsets = try dataOffsets(&scanner)
      default:
        throw scanner.error(
          "expected dtype, shape or data_offsets, found '\(key.printable())'")
      }
    }
    guard let type else { throw scanner.error("dtype is missing") }
    guard let shape else { throw scanner.error("shape is missing") }
    guard let offsets else { throw scanner.error("data_offsets is missing") }
    return TensorInfo(name: name, type: type, shape: shape, offsets: offsets)
  }

  private static func elementType(_ scanner: inout JSONScanner) throws -> ElementType {
    let text = try scanner.string()
    if let type = ElementType(rawValue: text) { return type }
    let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
    throw scanner.error("dtype '\(text.printable())' is not supported; supported are \(known)")
  }

  private static func dataOffsets(_ scanner: inout JSONScanner) throws -> Range<Int> {
    let values = try scanner.integers()
    guard values.count == 2 else {
      throw scanner.error("expected 2 data_offsets, found \(values.count)")
    }
    guard values[0] <= values[1] else {
      throw scanner.error("data_offsets begin at \(values[0]) and end before, at \(values[1])")
    }
    return values[0]..<values[1]
  }
}
