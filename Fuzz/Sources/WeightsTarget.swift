import ConViT
import Foundation
import Recipes
import Safetensors

/// A weights file: header, tensors of all types, and the model that it says it is.
struct WeightsTarget: Target {
  private let file = MemoryFile()
  private static let models = ((try? smallModels()) ?? []).compactMap {
    $0.1.model as? VisionTransformer
  }

  func test(_ bytes: [UInt8]) {
    file.fill(bytes)
    guard let weights = attempt({ try SafetensorsFile(contentsOf: file.path) }) else { return }
    var total = 0
    for tensor in weights.tensors {
      check(weights.info(tensor.name) == tensor, "another tensor has this name")
      let stored = attempt { try weights.bytes(tensor.name) }
      check(stored?.count == tensor.byteCount, "not as many bytes as the header says")
      if let floats = attempt({ try weights.floats(tensor.name) }) {
        check(floats.count == tensor.count, "not as many numbers as the header says")
      }
      attempt { try weights.integers(tensor.name) }
      total += tensor.byteCount
    }
    check(total < bytes.count, "\(total) bytes of tensors in a file of \(bytes.count)")
    if let checkpoint = attempt({ try Checkpoint(contentsOf: file.path) }) {
      _ = checkpoint.data.differences(from: checkpoint.data)
    }
    attempt { try SavedModel(contentsOf: file.path) }
    attempt { try SavedModel(contentsOf: file.path, as: .init(name: "deit_tiny_patch16_224")) }
    attempt { try SavedModel(contentsOf: file.path, as: .init(imageHeight: 6, imageWidth: 8)) }
    for model in Self.models {
      attempt { try SavedModel.finetuned(model, from: file.path, seed: 1) }
      attempt { try SavedModel.finetuned(model, from: file.path, seed: 1, isPartial: true) }
    }
  }

  /// Mostly the header alone, with its length put right.
  func mutated(_ bytes: [UInt8], limit: Int, seed: UInt32) -> [UInt8] {
    let length = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard seed % 8 != 0, bytes.count > 8, length <= bytes.count - 8 else {
      return mutatedByFuzzer(bytes, limit: limit)
    }
    let data = bytes[(8 + Int(length))...]
    guard limit > 8 + data.count else { return mutatedByFuzzer(bytes, limit: limit) }
    let header = mutatedByFuzzer(
      Array(bytes[8..<8 + Int(length)]), limit: limit - 8 - data.count)
    return withUnsafeBytes(of: UInt64(header.count).littleEndian) { [UInt8]($0) } + header + data
  }

  func writeSeeds(to folder: String) throws {
    for (name, saved) in try smallModels() {
      try saved.write(to: "\(folder)/\(name)")
      let prefixed = saved.weights.outputTensors.map { tensor in
        OutputTensor(
          name: "module._orig_mod." + tensor.name, shape: tensor.shape,
          data: Array(repeating: 1, count: tensor.shape.reduce(1, *)))
      }
      let count = OutputTensor(name: "n_averaged", shape: [], integers: [3])
      try SafetensorsWriter.write(prefixed + [count], to: "\(folder)/prefixed-\(name)")
    }
    try writeOtherKinds(to: folder)
    let types = ElementType.allCases.map { type in
      OutputTensor(
        name: type.rawValue, type: type, shape: [2],
        bytes: (0..<2 * type.byteCount).map { UInt8(37 * $0 % 251) })
    }
    try SafetensorsWriter.write(types, to: "\(folder)/types")
    let empty = OutputTensor(name: "empty", type: .f32, shape: [3, 0], bytes: [])
    try SafetensorsWriter.write(
      [empty], metadata: ["class_names": #"["a","é","\ud83d\ude00"]"#], to: "\(folder)/empty")
    try writeCheckpoint(to: "\(folder)/checkpoint")
  }

  /// The smallest files of kinds that are named: archives, JSON, protocol buffers, text.
  private func writeOtherKinds(to folder: String) throws {
    let entry = [UInt8]("PK\u{1}\u{2}".utf8) + [UInt8](repeating: 0, count: 24)
    let directory =
      entry + [10, 0] + [UInt8](repeating: 0, count: 16) + [UInt8]("a/data.pkl".utf8)
    let end = [UInt8]("PK\u{5}\u{6}".utf8) + [0, 0, 0, 0, 1, 0, 1, 0]
    let zip =
      [UInt8]("PK\u{3}\u{4}".utf8) + directory + end
      + [UInt8(directory.count), 0, 0, 0, 4, 0, 0, 0, 0, 0]
    let kinds: [(String, [UInt8])] = [
      ("zip", zip), ("onnx", [8, 7, 0x12, 7] + [UInt8]("pytorch".utf8)),
      ("json", [UInt8](#"{"weight_map": {"a": "m-1.safetensors"}}"#.utf8)),
      ("text", [UInt8]("version https://git-lfs.github.com/spec/v1".utf8)),
    ]
    for (name, bytes) in kinds {
      try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/kind-\(name)"))
    }
  }

  /// All of a checkpoint but the weights.
  private func writeCheckpoint(to path: String) throws {
    let integers = (RunProgress.integers.map(\.0) + ["optimizer.step"]).map {
      OutputTensor(name: $0, type: .i64, shape: [], bytes: [3, 0, 0, 0, 0, 0, 0, 0])
    }
    let doubles = RunProgress.doubles.map(\.0).map {
      OutputTensor(name: $0, type: .f64, shape: [], bytes: [0, 0, 0, 0, 0, 0, 0xF0, 0x3F])
    }
    let split = #"[{"name":"a","images":1,"paths":"0"},{"name":"b","images":2,"paths":"f"}]"#
    try SafetensorsWriter.write(
      integers + doubles,
      metadata: [
        "format": "convit checkpoint", "format_version": "1", "library_version": "0",
        "configuration": "epochs: 9", "data": #"{"train":\#(split),"val":\#(split)}"#,
      ],
      to: path)
  }
}
