import Autodiff
import Foundation
import Safetensors
import Testing

@testable import ConViT
@testable import Pruning

@Suite struct SparseFileTests {
  private let path = NSTemporaryDirectory() + "sparse-\(UUID().uuidString)"

  private static func saved(_ sparsity: Double) throws -> SavedModel {
    var configuration = ViTConfiguration(.vit, imageSize: 32, patchSize: 4, embedDim: 64, heads: 4)
    (configuration.depth, configuration.classes) = (4, 10)
    let model = try VisionTransformer(configuration)
    var saved = SavedModel(model, ParameterStore(model, seed: 0), normalization: .imageNet)
    let masks = PruningRule(.magnitude).masks(of: saved.weights, sparsity: sparsity)
    saved.weights.apply(masks)
    saved.masks = masks
    return saved
  }

  /// A file of (density + 1/32 + 2 %) of the dense one at most, which reads as the dense one does.
  @Test(arguments: [0, 0.3, 0.5, 0.8, 1]) func sizes(_ sparsity: Double) throws {
    var saved = try Self.saved(sparsity)
    defer { try? FileManager.default.removeItem(atPath: path) }
    func size() throws -> Double {
      Double(try Data(contentsOf: URL(fileURLWithPath: path)).count)
    }
    try saved.writeSparse(to: path)
    let sparse = try size()
    let read = try SavedModel(contentsOf: path)
    #expect(read.weights.values == saved.weights.values && read.warnings.isEmpty)
    #expect(read.masks?.layers == saved.masks?.layers && read.normalization == .imageNet)
    let tree = saved.weights.tree
    let density = Double(saved.masks?.keptCount ?? 0) / Double(tree.elementCount)
    saved.masks = nil
    try saved.write(to: path)
    #expect(try sparse <= (density + 1.0 / 32 + 0.02) * size())
  }

  @Test(arguments: [
    ("blocks.0.mlp.fc1.weight", "[]"), (#"{"head.weight":[-1,4]}"#, "a shape of [-1, 4]"),
    (#"{"head.weight":[10,64]}"#, "its mask or what is kept of it is missing"),
    (#"{"x":[2,2]}"#, "2 numbers are kept, and its mask has 3"),
    (#"{"y":[3,3]}"#, "its mask or what is kept of it is missing, or not of its shape"),
    (#"{"z":[2]}"#, "its mask or what is kept of it is missing, or not of its shape"),
    (#"{"twice":[2,2]}"#, "is stored twice, whole and in part"),
    (#"{"x":[1099511627776]}"#, "a shape of [1099511627776]"),
  ])
  func damaged(_ text: String, _ part: String) throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try SafetensorsWriter.write(
      [
        OutputTensor(name: "kept.x", shape: [2], data: [1, 2]),
        OutputTensor(name: "mask.x", type: .u8, shape: [1], bytes: [7]),
        OutputTensor(name: "kept.y", shape: [1], data: [1]),
        OutputTensor(name: "mask.y", type: .u8, shape: [1], bytes: [1]),  // 9 weights need 2 bytes
        OutputTensor(name: "kept.z", type: .u8, shape: [1], bytes: [1]),
        OutputTensor(name: "mask.z", type: .u8, shape: [1], bytes: [1]),
        OutputTensor(name: "twice", shape: [2, 2], data: [1, 2, 3, 4]),
        OutputTensor(name: "kept.twice", shape: [1], data: [1]),
        OutputTensor(name: "mask.twice", type: .u8, shape: [1], bytes: [1]),
      ], metadata: ["sparse": text], to: path)
    let error = #expect(throws: WeightsError.self) { try WeightsFile(contentsOf: path) }
    let message = error?.description ?? ""
    #expect(message.contains(part == "[]" ? "entry 'sparse' is not as expected" : part))
  }

  /// Weights that are 0 and kept are stored, too; and any part of a tensor can be read.
  @Test func zerosThatAreKept() throws {
    var saved = try Self.saved(0.5)
    let slot = try #require(saved.weights.tree.slot(named: "blocks.1.mlp.fc1.weight"))
    saved.weights[slot: slot] = Tensor(repeating: 0, saved.weights.values[slot].shape)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try saved.writeSparse(to: path)
    let read = try SavedModel(contentsOf: path)
    #expect(read.weights.values == saved.weights.values)
    #expect(read.masks?.layers == saved.masks?.layers)
    let file = try SparseFile.expanding(SafetensorsFile(contentsOf: path))
    #expect(file.metadata["sparse"] == nil)
    let info = try #require(file.info("blocks.0.mlp.fc1.weight"))
    var part = Array(repeating: Float(1), count: 5)
    try part.withUnsafeMutableBytes { try file.read(info, from: 4 * 70, into: $0) }
    #expect(part == Array(try #require(saved.weights[info.name]).elements[70..<75]))
  }
}
