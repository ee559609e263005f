import Autodiff
import ConViT
import Foundation
import Testing

@testable import ONNXExport

/// What is said of a model that is no file, or of a file that cannot be.
@Suite struct ErrorTests {
  private func saved() throws -> SavedModel {
    var configuration = ViTConfiguration(.vit, imageSize: 8, patchSize: 4, embedDim: 8, heads: 2)
    (configuration.depth, configuration.classes) = (1, 3)
    let model = try VisionTransformer(configuration)
    return SavedModel(model, ParameterStore(model, seed: 1))
  }

  private func message(_ body: () throws(ExportError) -> Void) -> String? {
    do throws(ExportError) {
      try body()
      return nil
    } catch {
      return error.description
    }
  }

  @Test func moreBytesThanAFileHolds() throws {
    let saved = try saved()
    let bytes = 4 * saved.weights.tree.elementCount
    func export(_ limit: Int) -> String? {
      message { () throws(ExportError) in
        _ = try ONNXModel(saved, batch: .dynamic, producerVersion: "", byteLimit: limit)
      }
    }
    #expect(export(bytes + 4096) == nil)
    // The weights alone would fit here, but not with shapes and other constants.
    for limit in [1000, bytes + 4] {
      let text = try #require(export(limit))
      #expect(
        text.hasPrefix("the weights and constants have ") && text.hasSuffix("at most \(limit)"))
    }
  }

  @Test func aBatchOfNothing() throws {
    let saved = try saved()
    #expect(
      message { () throws(ExportError) in _ = try ONNXModel(saved, batch: .fixed(0)) }
        == "a batch of 0 examples")
  }

  @Test func thePlaceOfTheFile() throws {
    let model = try ONNXModel(saved())
    let folder = NSTemporaryDirectory() + "onnx-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func write(_ path: String) -> String? {
      message { () throws(ExportError) in try model.write(to: path) }
    }
    #expect(write(folder) == "\(folder): cannot replace a directory by a file")
    let missing = "\(folder)/none/model.onnx"
    #expect(write(missing)?.hasPrefix("\(missing): cannot create") == true)
    #expect(write("\(folder)/model.onnx") == nil)
    let written = FileManager.default.contents(atPath: "\(folder)/model.onnx")
    #expect(written.map(Array.init) == model.serialized)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["model.onnx"])
  }
}
