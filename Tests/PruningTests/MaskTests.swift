import Autodiff
import ConViT
import Foundation
import Safetensors
import Testing

@testable import Pruning

@Suite struct MaskTests {
  private struct Two: Model {
    let input: Shape = [3]
    let fc1 = Linear(3, 3, bias: false)
    let fc2 = Linear(3, 2, bias: false)
    func callAsFunction(_ x: Variable) -> Variable { fc2(fc1(x)) }
  }

  private let tree = ParameterTree(Two())
  private let (a, b): (ParameterMasks, ParameterMasks)

  init() {
    var (a, b) = (ParameterMasks(tree), ParameterMasks(tree))
    a[slot: 0] = Tensor([3, 3], [1, 1, 0, 0, 1, 0, 1, 0, 1])
    b[slot: 0] = Tensor([3, 3], [1, 0, 0, 1, 1, 0, 0, 0, 0])
    b[slot: 1] = Tensor([2, 3], [0, 0, 1, 0, 0, 0])
    (self.a, self.b) = (a, b)
  }

  @Test func sets() {
    let (both, either) = (a.intersection(b), a.union(b))
    #expect(both[slot: 0]?.elements == [1, 0, 0, 0, 1, 0, 0, 0, 0])
    #expect(both[slot: 1] == b[slot: 1])
    #expect(either[slot: 0]?.elements == [1, 1, 0, 1, 1, 0, 1, 0, 1])
    #expect(either[slot: 1] == nil)  // a keeps all of it
    // 2 of 6, and 1 of 6.
    let overlap = 3.0 / 12
    #expect(a.jaccard(b) == overlap)
    #expect(b.jaccard(a) == overlap)
    let byLayer: [Double] = [2.0 / 6, 1.0 / 6]
    #expect(a.jaccardByLayer(b).map(\.jaccard) == byLayer)
    #expect(a.jaccardByLayer(b).map(\.name) == ["fc1.weight", "fc2.weight"])
    let none = ParameterMasks(tree)
    #expect(a.jaccard(a) == 1)
    #expect(none.jaccard(none) == 1)
    #expect(a.layers == [MaskedLayer(name: "fc1.weight", kept: 5, count: 9)])
    #expect(b.sparsity == 1 - 4.0 / 15)
    #expect(none.sparsity == 0)
  }

  private func path(_ tensors: [OutputTensor]) throws -> String {
    let path = NSTemporaryDirectory() + "masks-\(UUID().uuidString)"
    let weights = ParameterStore(tree, seed: 0).outputTensors
    try SafetensorsWriter.write(weights + tensors, to: path)
    return path
  }

  @Test func bits() throws {
    let path = try path(b.outputTensors)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = try SafetensorsFile(contentsOf: path)
    #expect(try file.bytes("mask.fc1.weight") == [0b0001_1001, 0])
    #expect(try file.bytes("mask.fc2.weight") == [0b0000_0100])
    let read = try #require(try ParameterMasks(in: WeightsFile(file), of: tree))
    #expect(read[slot: 0] == b[slot: 0] && read[slot: 1] == b[slot: 1])
    let plain = try self.path([])
    defer { try? FileManager.default.removeItem(atPath: plain) }
    #expect(try ParameterMasks(in: WeightsFile(contentsOf: plain), of: tree) == nil)
  }

  @Test(arguments: [
    (OutputTensor(name: "mask.fc2.weight", type: .u8, shape: [2], bytes: [1, 0]), "U8 [1]"),
    (OutputTensor(name: "mask.fc2.weight", shape: [1], data: [1]), "found F32 [1]"),
    (OutputTensor(name: "mask.fc2.weight", type: .u8, shape: [1], bytes: [64]), "must be 0"),
  ])
  func damagedBits(_ tensor: OutputTensor, _ part: String) throws {
    let path = try path([tensor])
    defer { try? FileManager.default.removeItem(atPath: path) }
    let error = #expect(throws: WeightsError.self) {
      try ParameterMasks(in: WeightsFile(contentsOf: path), of: tree)
    }
    #expect(error?.description.contains(part) == true, "\(String(describing: error))")
  }

  /// A saved model has its masks, and warns of nothing.
  @Test func ofASavedModel() throws {
    let path = NSTemporaryDirectory() + "masks-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    var configuration = ViTConfiguration(.vit, imageSize: 8, patchSize: 4, embedDim: 8, heads: 2)
    configuration.depth = 1
    let model = try VisionTransformer(configuration)
    var saved = SavedModel(model, ParameterStore(model, seed: 0))
    let masks = PruningRule(.magnitude).masks(of: saved.weights, sparsity: 0.5)
    saved.weights.apply(masks)
    saved.masks = masks
    try saved.write(to: path)
    let read = try SavedModel(contentsOf: path)
    #expect(read.warnings.isEmpty && read.weights.values == saved.weights.values)
    #expect(read.masks?.jaccard(masks) == 1 && read.masks?.layers == masks.layers)
  }

  /// Two masks that keep nothing are alike, and so are their layers.
  @Test func ofNothing() {
    var nothing = ParameterMasks(tree)
    nothing[slot: 1] = Tensor(repeating: 0, [2, 3])
    #expect(nothing.jaccard(nothing) == 1)
    #expect(nothing.jaccardByLayer(nothing).map(\.jaccard) == [1])
    #expect(a.sparsity == 1 - 5.0 / 9)  // of what has a mask, which the second layer has not
  }

  /// What is pruned becomes 0, also if it was no number.
  @Test func noNumbersBecomeZeros() {
    var weights = ParameterStore(tree, seed: 0)
    weights[slot: 1] = Tensor([2, 3], [.nan, .infinity, 5, -.infinity, .nan, -1])
    weights.apply(b)
    #expect(weights.values[1].elements == [0, 0, 5, 0, 0, 0])
  }

  /// The mask of a head for other classes is not that of this head, which is kept whole.
  @Test func ofAHeadForOtherClasses() throws {
    let path = NSTemporaryDirectory() + "masks-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try SafetensorsWriter.write(
      [
        OutputTensor(name: "fc1.weight", shape: [3, 3], data: Array(repeating: 1, count: 9)),
        OutputTensor(name: "fc2.weight", shape: [4, 3], data: Array(repeating: 1, count: 12)),
        OutputTensor(name: "mask.fc1.weight", type: .u8, shape: [2], bytes: [1, 1]),
        OutputTensor(name: "mask.fc2.weight", type: .u8, shape: [2], bytes: [1, 1]),
      ], to: path)
    let masks = try #require(try ParameterMasks(in: WeightsFile(contentsOf: path), of: tree))
    #expect(masks.layers == [MaskedLayer(name: "fc1.weight", kept: 2, count: 9)])
  }

  /// A mask of a layer that the model has not is told, as any tensor is that is left.
  @Test func ofALayerThatIsNotThere() throws {
    var configuration = ViTConfiguration(.vit, imageSize: 8, patchSize: 4, embedDim: 8, heads: 2)
    configuration.depth = 1
    let model = try VisionTransformer(configuration)
    let saved = SavedModel(model, ParameterStore(model, seed: 0))
    let path = NSTemporaryDirectory() + "masks-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let mask = OutputTensor(name: "mask.blocks.7.norm", type: .u8, shape: [1], bytes: [1])
    try saved.write(saved.weights.outputTensors + [mask], metadata: [:], to: path)
    let warnings = try SavedModel(contentsOf: path).warnings
    #expect(warnings == ["mask.blocks.7.norm is left, as it is no weight of a model"])
  }

  /// Masks of another model are not written, as they could not be read again.
  @Test func ofAnotherModel() throws {
    var configuration = ViTConfiguration(.vit, imageSize: 8, patchSize: 4, embedDim: 8, heads: 2)
    configuration.depth = 1
    let model = try VisionTransformer(configuration)
    var saved = SavedModel(model, ParameterStore(model, seed: 0))
    saved.masks = a
    let path = NSTemporaryDirectory() + "masks-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let error = #expect(throws: WeightsError.self) { try saved.write(to: path) }
    #expect(error?.description.contains("the masks are of another model") == true)
  }
}
