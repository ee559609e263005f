import Foundation
import Testing

@testable import Safetensors

/// Files of Python's safetensors, read to the numbers that torch has for them.
@Suite struct ReadingTests {
  struct Expected: Decodable {
    let shape: [Int]
    let bits: [UInt32]
    let integers: [Int]?
  }

  static func expected(_ file: String) throws -> [String: Expected] {
    let json = try Data(contentsOf: URL(fileURLWithPath: fixture("expected.json")))
    let all = try JSONDecoder().decode([String: [String: Expected]].self, from: json)
    return try #require(all[file])
  }

  @Test(arguments: ["types", "shapes", "golden"])
  func numbersAreThoseOfTorch(name: String) throws {
    let file = try SafetensorsFile(contentsOf: fixture("\(name).safetensors"))
    let expected = try Self.expected("\(name).safetensors")
    #expect(Set(file.tensors.map(\.name)) == Set(expected.keys))
    for (name, tensor) in expected {
      let info = try #require(file.info(name))
      #expect(info.shape == tensor.shape, "\(name)")
      #expect(info.count == tensor.bits.count, "\(name)")
      #expect(try file.floats(name).map(\.bitPattern) == tensor.bits, "\(name)")
      #expect(try file.bytes(name).count == info.byteCount, "\(name)")
      if let integers = tensor.integers {
        #expect(try file.integers(name) == integers, "\(name)")
      } else {
        #expect(throws: TensorFileError.self, "\(name)") { try file.integers(name) }
      }
    }
  }

  @Test func everyTypeIsRead() throws {
    let file = try SafetensorsFile(contentsOf: fixture("types.safetensors"))
    for type in ElementType.allCases { #expect(file.info(type.rawValue)?.type == type) }
    #expect(file.metadata.isEmpty)
  }

  @Test func metadataAndOrder() throws {
    let file = try SafetensorsFile(contentsOf: fixture("shapes.safetensors"))
    #expect(
      file.metadata == [
        "format": "pt", "größe": "权重 😀", "text": "a \"b\" \\ /\n\t\0\u{1f}", "": "",
      ])
    #expect(file.offsets.map(\.lowerBound) == [0, 4, 28, 28, 28, 32, 36, 40, 88])
    #expect(file.tensors.first?.name == "")
    #expect(file.path == (try fixture("shapes.safetensors")))
  }

  @Test func headerOrderNeedNotBeDataOrder() throws {
    let folder = try TemporaryFolder()
    let header =
      #"{"b":{"shape":[2],"data_offsets":[4,6],"dtype":"U8"}, "z" : {"dtype":"F32","#
      + "\t\r\n" + #""shape":[ 0 ],"data_offsets":[ 4 , 4 ]},"#
      + #""a\u00e9\ud83d\ude00\/":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}  "# + "\n"
    let path = try folder.write(fileBytes(header, data: 6))
    let file = try SafetensorsFile(contentsOf: path)
    #expect(file.tensors.map(\.name) == ["aé😀/", "z", "b"])
    #expect(try file.integers("b") == [4, 5])
    #expect(try file.floats("z") == [])
  }

  @Test func emptyFileOfNoTensors() throws {
    let folder = try TemporaryFolder()
    let file = try SafetensorsFile(contentsOf: folder.write(fileBytes("{}")))
    #expect(file.tensors.isEmpty && file.metadata.isEmpty)
  }

  /// The data begin at an odd byte, and there are more elements than a block holds.
  @Test func unalignedTensorOfManyBlocks() throws {
    let folder = try TemporaryFolder()
    let values = (0..<70_001).map { Int32($0 * 7919 % 100_003 - 50_000) }
    var bytes = fileBytes(.i32, shape: [70_001], data: values.withUnsafeBytes { [UInt8]($0) })
    if bytes.count % 2 == 0 {
      bytes.insert(UInt8(ascii: " "), at: 9)
      bytes[0] += 1
    }
    let file = try SafetensorsFile(contentsOf: folder.write(bytes))
    #expect(try file.integers("x") == values.map(Int.init))
    #expect(try file.floats("x") == values.map(Float.init))
  }

  @Test func everyHalfPrecisionNumber() throws {
    let folder = try TemporaryFolder()
    let data = (0...UInt16.max).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    let half = try SafetensorsFile(
      contentsOf: folder.write(fileBytes(.f16, shape: [65_536], data: data)))
    for (bits, float) in try half.floats("x").enumerated() {
      let magnitude = bits & 0x7FFF
      let (exponent, fraction) = (magnitude >> 10, Float(magnitude & 0x3FF))
      if exponent == 31 {
        #expect(fraction == 0 ? float.isInfinite : float.isNaN)
      } else {
        let power = Float(sign: .plus, exponent: max(exponent, 1) - 25, significand: 1)
        let expected = (exponent == 0 ? fraction : 1024 + fraction) * power
        if float.magnitude != expected { Issue.record("\(bits): \(float), expected \(expected)") }
      }
      if float.sign != (bits < 0x8000 ? .plus : .minus) { Issue.record("sign of \(bits)") }
    }
  }

  @Test func readsToWhereItIsWanted() throws {
    let file = try SafetensorsFile(contentsOf: fixture("golden.safetensors"))
    var values: [Float] = [9, 9, 9, 9, 9]
    try values.withUnsafeMutableBufferPointer { buffer in
      let middle = UnsafeMutableBufferPointer(rebasing: buffer[1..<4])
      try file.read("blocks.0.norm1.bias", into: middle)
    }
    #expect(values == [9, 0.5, -0.25, 3, 9])
  }

  @Test func wrongRequests() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(fileBytes(.f32, shape: [2], data: [0, 0, 128, 63, 0, 0, 0, 64]))
    let file = try SafetensorsFile(contentsOf: path)
    #expect(file.info("y") == nil)
    #expect(
      try errorText(in: folder) { _ = try file.floats("y") }
        == "a.safetensors: tensor 'y': not among the 1 tensors of the file")
    #expect(
      try errorText(in: folder) { _ = try file.integers("x") }
        == "a.safetensors: tensor 'x': expected integers, found F32")
    var values: [Float] = [0, 0, 0]
    #expect(
      try errorText(in: folder) {
        try values.withUnsafeMutableBufferPointer { try file.read("x", into: $0) }
      } == "a.safetensors: tensor 'x': shape [2] has 2 elements, expected 3")
  }

  @Test func numbersThatDoNotFit() throws {
    let folder = try TemporaryFolder()
    let double = withUnsafeBytes(of: 1e39) { [UInt8]($0) }
    let wide = try SafetensorsFile(
      contentsOf: folder.write(fileBytes(.f64, shape: [], data: double)))
    #expect(
      try errorText(in: folder) { _ = try wide.floats("x") }
        == "a.safetensors: tensor 'x': 1e+39 is beyond the range of F32")
    let big = try SafetensorsFile(
      contentsOf: folder.write(fileBytes(.u64, shape: [], data: [0, 0, 0, 0, 0, 0, 0, 128])))
    #expect(
      try errorText(in: folder) { _ = try big.integers("x") }
        == "a.safetensors: tensor 'x': 9223372036854775808 is greater than 9223372036854775807")
    #expect(try big.floats("x") == [0x1p63])
  }

  @Test func anyByteButZeroIsTrue() throws {
    let folder = try TemporaryFolder()
    let file = try SafetensorsFile(
      contentsOf: folder.write(fileBytes(.bool, shape: [3], data: [0, 2, 255])))
    #expect(try file.floats("x") == [0, 1, 1])
    #expect(try file.integers("x") == [0, 1, 1])
  }
}
