import Foundation
import Safetensors
import Testing

@testable import Recipes
@testable import Training

/// Checkpoints that somebody else wrote.
@Suite struct CheckpointFileTests {
  private let path = NSTemporaryDirectory() + "checkpoint-" + UUID().uuidString

  /// All of a checkpoint but the weights.
  private func write(epoch: Int = 3, classes: [String] = ["a", "b"]) throws {
    let integers = (RunProgress.integers.map(\.0) + ["optimizer.step"]).map { name in
      OutputTensor(name: name, shape: [], integers: [name == "epoch" ? epoch : 3])
    }
    let doubles = RunProgress.doubles.map { name, _ in
      OutputTensor(name: name, type: .f64, shape: [], bytes: [0, 0, 0, 0, 0, 0, 0xF0, 0x3F])
    }
    let split = classes.map { #"{"name":"\#($0)","images":1,"paths":"0"}"# }
      .joined(separator: ",")
    try SafetensorsWriter.write(
      integers + doubles,
      metadata: [
        "format": "convit checkpoint", "format_version": "1", "library_version": "0",
        "configuration": "epochs: 9", "data": #"{"train":[\#(split)],"val":[\#(split)]}"#,
      ],
      to: path)
  }

  /// Would overflow where it is multiplied by the steps of an epoch.
  @Test(arguments: [-1, 1 << 31, Int.max]) func countsThatAreNone(epoch: Int) throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try write()
    #expect(try Checkpoint(contentsOf: path).progress.epoch == 3)
    try write(epoch: epoch)
    let error = #expect(throws: TrainingError.self) { try Checkpoint(contentsOf: path) }
    #expect(error?.description == "\(path): tensor 'epoch': \(epoch) is not a count")
  }

  /// Was taken for a key that is there once.
  @Test func aClassThatIsThereTwice() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try write()
    let data = try Checkpoint(contentsOf: path).data
    try write(classes: ["a", "a"])
    let doubled = try Checkpoint(contentsOf: path).data
    #expect(data.differences(from: doubled).contains("train: class 'b' is new"))
  }
}
