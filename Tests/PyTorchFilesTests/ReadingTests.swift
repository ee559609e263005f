import Foundation
import Safetensors
import Testing

@testable import PyTorchFiles

/// Checkpoints that PyTorch wrote, read to its numbers.
@Suite struct ReadingTests {
  @Test(arguments: ["types_zip", "types_older_2", "types_older_4"])
  func numbersAreThoseOfPyTorch(name: String) throws {
    let file = try PyTorchFile(contentsOf: fixture("\(name).pth"))
    let expected = try SafetensorsFile(contentsOf: fixture("types.safetensors"))
    #expect(Set(file.tensors.map(\.name)) == Set(expected.tensors.map(\.name)))
    #expect(file.key == nil && file.otherKeys.isEmpty && file.skipped.isEmpty)
    for info in expected.tensors {
      let found = try #require(file.info(info.name))
      #expect(found == info, "\(info.name)")
      #expect(try file.bytes(info.name) == expected.bytes(info.name), "\(info.name)")
      #expect(
        try file.floats(info.name).map(\.bitPattern) == expected.floats(info.name).map(\.bitPattern)
      )
    }
  }

  @Test func anyPartOfAViewIsRead() throws {
    let file = try PyTorchFile(contentsOf: fixture("types_zip.pth"))
    for name in ["transposed", "permuted", "every_second", "plain", "f64", "f16"] {
      let info = try #require(file.info(name))
      let (all, size) = (try file.bytes(name), info.type.byteCount)
      for start in stride(from: 0, to: info.byteCount, by: size) {
        for count in [0, size, 3 * size, info.byteCount - start] where start + count <= all.count {
          var part = [UInt8](repeating: 0, count: count)
          try part.withUnsafeMutableBytes { try file.read(info, from: start, into: $0) }
          #expect(part == Array(all[start..<start + count]))
        }
      }
      var beyond = [UInt8](repeating: 0, count: info.byteCount + size)
      #expect(throws: TensorFileError.self) {
        try beyond.withUnsafeMutableBytes { try file.read(info, from: 0, into: $0) }
      }
    }
  }

  @Test(arguments: ["checkpoint.pth", "checkpoint_older.pth"])
  func aTrainingCheckpoint(name: String) throws {
    let file = try PyTorchFile(contentsOf: fixture(name))
    #expect(file.key == "model" && file.otherKeys == ["model_ema"])
    #expect(file.tensors.count == 7 && file.info("0.weight")?.shape == [2, 3])
    #expect(
      file.skipped.map(\.description) == [
        "epoch (an integer)", "args (argparse.Namespace)", "optimizer (a dictionary of 2)",
        "loss (numpy._core.multiarray.scalar)", "history (numpy._core.multiarray._reconstruct)",
        "names (a dictionary of 1)", "rng (a tensor U8 [5056])", "sparse (a sparse tensor)",
        "complex (a complex tensor)",
      ])
    let ema = try PyTorchFile(contentsOf: fixture(name), key: "model_ema")
    #expect(ema.key == "model_ema" && ema.otherKeys == ["model"])
    #expect(try ema.integers("n_averaged") == [5])
    #expect(try ema.floats("module.0.weight") == file.floats("0.weight"))
  }

  @Test func theOnlyStateDictIsTaken() throws {
    let file = try PyTorchFile(contentsOf: fixture("one.pth"))
    #expect(file.key == "net" && file.skipped.map(\.description) == ["acc (a tensor F32 [])"])
  }

  @Test(arguments: [
    (
      "two.pth", nil, "it holds several state dicts; choose one with --key: 'a' (7 tensors), 'b' (7"
    ),
    ("two.pth", "c", "no state dict under 'c' (--key); there are 'a' (7 tensors), 'b' (7 tensors)"),
    ("nothing.pth", nil, "no tensors are in it, but 'epoch', 'loss'"),
    ("nothing.pth", "x", "no state dict under 'x' (--key); there are none"),
    ("tensor.pth", nil, "expected a dictionary of tensors, found a tensor F32 [6, 4]"),
    ("list.pth", nil, "expected a dictionary of tensors, found a list of 2"),
    ("module.pth", nil, "a whole module was pickled (torch.nn.modules.container.Sequential); save"),
    ("module_inside.pth", nil, "'model' is a whole module that was pickled; save its state_dict()"),
    (
      "script.pt", nil, "expected a PyTorch checkpoint, found a TorchScript archive; save the state"
    ),
    ("types.safetensors", nil, "expected a PyTorch checkpoint"),
  ])
  func whatIsNoStateDict(name: String, key: String?, reason: String) throws {
    let path = try fixture(name)
    do {
      _ = try PyTorchFile(contentsOf: path, key: key)
      Issue.record("it was opened")
    } catch {
      #expect("\(error)".hasPrefix("\(path): \(reason)"), "\(error)")
    }
  }

  @Test func aCheckpointIsKnownByItsContent() throws {
    for name in ["types_zip.pth", "types_older_2.pth", "types_older_4.pth", "script.pt"] {
      #expect(PyTorchFile.recognizes(try fixture(name)))
    }
    #expect(!PyTorchFile.recognizes(try fixture("types.safetensors")))
    #expect(!PyTorchFile.recognizes(try fixture("opcodes.json")))
    #expect(!PyTorchFile.recognizes("/nowhere"))
  }

  @Test(arguments: ["types_zip.pth", "types_older_2.pth", "checkpoint.pth"])
  func cutAnywhere(name: String) throws {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixture(name))))
    for count in stride(from: 0, to: bytes.count, by: name == "checkpoint.pth" ? 61 : 17) {
      #expect(try fault(Array(bytes[..<count])) != "opened", "\(count) bytes")
    }
  }
}
