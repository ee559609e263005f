import Foundation
import Testing

@testable import Safetensors

/// What is written is what Python's safetensors writes, and is read back as it was.
@Suite struct RoundTripTests {
  static let metadata = [
    "format": "pt", "größe": "权重 😀", "text": "a \"b\" \\ /\n\t\0\u{1f}", "": "",
  ]

  /// The same tensors are in Fixtures/check_written.py.
  static let tensors = [
    OutputTensor(
      name: "blocks.0.attn.qk.weight", shape: [2, 3], data: [1, -2, 0.5, 3, 0x1p-149, 3e38]),
    OutputTensor(name: "scalar", shape: [], data: [7]),
    OutputTensor(name: "empty", shape: [2, 0], data: []),
    OutputTensor(name: "größe \"\\\n\u{1} 😀", shape: [1], data: [1]),
    OutputTensor(name: "bytes", type: .u8, shape: [3], bytes: [1, 2, 255]),
    OutputTensor(name: "lent", shape: [2]) { try [4, 5].withUnsafeBufferPointer($0) },
    OutputTensor(name: "steps", shape: [3], integers: [3, .min, .max]),
    OutputTensor(name: "half", type: .f16, shape: [2, 1], bytes: [0, 0x3C, 0, 0xB8]),
  ]

  @Test func everythingComesBack() throws {
    let folder = try TemporaryFolder()
    // Kept where this is set, for check_written.py.
    let kept = ProcessInfo.processInfo.environment["SAFETENSORS_KEEP"]
    let path = kept ?? folder.path("a.safetensors")
    try SafetensorsWriter.write(Self.tensors, metadata: Self.metadata, to: path)
    let file = try SafetensorsFile(contentsOf: path)
    #expect(file.metadata == Self.metadata)
    let names = [
      "steps", "blocks.0.attn.qk.weight", "scalar", "empty", "größe \"\\\n\u{1} 😀", "lent",
      "half", "bytes",
    ]
    #expect(file.tensors.map(\.name) == names, "wider types first, else as given")
    for tensor in Self.tensors {
      let info = try #require(file.info(tensor.name))
      #expect(info.type == tensor.type && info.shape == tensor.shape, "\(tensor.name)")
      let found = try file.bytes(tensor.name)
      try tensor.withBytes { #expect(found == [UInt8]($0), "\(tensor.name)") }
    }
    #expect(try file.floats("lent") == [4, 5])
    #expect(try file.floats("half") == [1, -0.5])
    #expect(try file.integers("steps") == [3, .min, .max])
  }

  /// golden.safetensors is by Python's safetensors.
  @Test func bytesAreThoseOfTheReference() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a.safetensors")
    try SafetensorsWriter.write(
      [
        OutputTensor(name: "random", type: .u8, shape: [3], bytes: [1, 2, 255]),
        OutputTensor(name: "blocks.0.norm1.bias", shape: [3], data: [0.5, -0.25, 3]),
        OutputTensor(name: "half", type: .f16, shape: [3], bytes: [0, 0x3C, 0, 0x40, 0, 0xB8]),
        OutputTensor(name: "größe \"\\\n\u{1}", shape: [2, 1], data: [1, 2]),
        OutputTensor(name: "steps", shape: [2], integers: [3, -4]),
      ], metadata: ["model": "convit_tiny \"1\""], to: path)
    #expect(try contents(path) == contents(fixture("golden.safetensors")))
  }

  @Test func sameBytesEveryTime() throws {
    let folder = try TemporaryFolder()
    let metadata = Dictionary(uniqueKeysWithValues: (0..<100).map { ("key\($0)", "\($0)") })
    for name in ["a", "b"] {
      try SafetensorsWriter.write(
        Self.tensors, metadata: metadata.filter { _ in true }, to: folder.path(name))
    }
    #expect(try contents(folder.path("a")) == contents(folder.path("b")))
    let text = String(decoding: try contents(folder.path("a")), as: UTF8.self)
    let positions = metadata.keys.sorted().map { text.range(of: "\"\($0)\":")?.lowerBound }
    for (a, b) in zip(positions, positions.dropFirst()) {
      #expect(try #require(a) < #require(b))
    }
  }

  @Test func dataAreAligned() throws {
    let folder = try TemporaryFolder()
    for length in 1...9 {
      let name = String(repeating: "n", count: length)
      let path = folder.path("a")
      try SafetensorsWriter.write([OutputTensor(name: name, shape: [1], data: [1])], to: path)
      #expect(try contents(path).count % 8 == 4)
    }
    try SafetensorsWriter.write([], to: folder.path("none"))
    #expect(try contents(folder.path("none")) == [8, 0, 0, 0, 0, 0, 0, 0] + Array("{}      ".utf8))
  }
}
