import Autodiff
import ConViT
import Foundation
import SwiftProtobuf
import Testing

@testable import ONNXExport

/// The graph of a tiny ConViT as the file has it: what it is made of, by hand.
@Suite struct GraphTests {
  private static func saved() throws -> SavedModel {
    var configuration = ViTConfiguration(
      .convit, imageSize: 12, patchSize: 4, embedDim: 8, heads: 2)
    (configuration.depth, configuration.localUpToLayer, configuration.classes) = (2, 1, 3)
    configuration.imageWidth = 8
    let model = try VisionTransformer(configuration)
    return SavedModel(
      model, ParameterStore(model, seed: 1), classNames: ["ant", "bee", "cow"], name: "small",
      normalization: ChannelStatistics(mean: [0.5, 0.25, 0.75], std: [1, 2, 3]))
  }

  private func parsed(_ batch: ONNXModel.Batch = .dynamic) throws -> Onnx_ModelProto {
    try Onnx_ModelProto(serializedBytes: ONNXModel(try Self.saved(), batch: batch).serialized)
  }

  private func sizes(_ value: Onnx_ValueInfoProto) -> [String] {
    value.type.tensorType.shape.dim.map { $0.dimParam.isEmpty ? "\($0.dimValue)" : $0.dimParam }
  }

  @Test func whatTheFileSays() throws {
    let model = try parsed()
    #expect(model.irVersion == 8 && model.producerName == "convit" && model.graph.name == "small")
    #expect(model.opsetImport.map(\.version) == [17] && model.opsetImport[0].domain.isEmpty)
    let properties = Dictionary(
      uniqueKeysWithValues: model.metadataProps.map { ($0.key, $0.value) })
    #expect(properties["class_names"] == #"["ant","bee","cow"]"#)
    #expect(properties["mean"] == "[0.5,0.25,0.75]" && properties["std"] == "[1,2,3]")
    #expect(properties["model"] == "small" && properties["input_size"] == "[3, 12, 8]")
    #expect(properties["interpolation"] == "bicubic")
    #expect(model.docString.contains("mean 0.5 0.25 0.75, std 1.0 2.0 3.0"))
    #expect(
      try ONNXModel(Self.saved(), batch: .fixed(4)).summary
        == "2197 parameters, opset 17, input \"images\" [4, 3, 12, 8], output \"logits\" [4, 3]")
  }

  @Test func theBatchIsTheFirstAxis() throws {
    let (dynamic, fixed) = (try parsed().graph, try parsed(.fixed(7)).graph)
    #expect(dynamic.input.map(sizes) == [["N", "3", "12", "8"]])
    #expect(dynamic.output.map(sizes) == [["N", "3"]])
    #expect(fixed.input.map(sizes) == [["7", "3", "12", "8"]])
    #expect(fixed.output.map(sizes) == [["7", "3"]])
    #expect(dynamic.node.filter { $0.opType == "Shape" }.count == 1)
    #expect(!fixed.node.contains { $0.opType == "Shape" })
  }

  /// A layer of GPSA has one map of positions, [H, N, N], as a constant: no softmax is left of it.
  @Test func positionsAreConstants() throws {
    let saved = try Self.saved()
    let graph = try parsed().graph
    func count(_ type: String) -> Int { graph.node.count { $0.opType == type } }
    #expect(count("Softmax") == 2 && count("LayerNormalization") == 5 && count("Conv") == 1)
    #expect(count("Erf") == 2 && !graph.node.contains { $0.opType == "Sigmoid" })
    let names = Set(graph.initializer.map(\.name))
    #expect(names.count == graph.initializer.count)
    let folded = saved.weights.tree.names.filter { !names.contains($0) }
    #expect(
      folded == [
        "blocks.0.attn.pos_proj.weight", "blocks.0.attn.pos_proj.bias",
        "blocks.0.attn.gating_param",
      ])
    let maps = graph.initializer.filter { $0.dims == [2, 6, 6] }
    #expect(maps.count == 1)
  }

  private struct Net: Backbone {
    let conv = Conv2d(3, 5, size: 3, stride: 2, padding: 1)
    func callAsFunction(_ images: Variable) -> Variable { conv(images).relu() }
  }

  /// Windows that overlap are no patches to be cut: the convolution itself stands in the graph.
  @Test func convolutionsOfAStem() throws {
    var model: VisionTransformer = try Self.saved().model()
    model.patchEmbed = HybridEmbed(Net(), features: 5, patchSize: 2, dim: 8)
    let saved = SavedModel(model, ParameterStore(model, seed: 1))
    let graph = try Onnx_ModelProto(serializedBytes: ONNXModel(saved).serialized).graph
    let convolutions = graph.node.filter { $0.opType == "Conv" }.map { node in
      Dictionary(uniqueKeysWithValues: node.attribute.map { ($0.name, $0.ints) })
    }
    #expect(
      convolutions == [
        ["kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]],
        ["kernel_shape": [2, 2], "strides": [2, 2], "pads": [0, 0, 0, 0]],
      ])
    #expect(!graph.node.contains { $0.opType == "Identity" })
  }

  @Test func parametersHaveTheirNamesShapesAndBits() throws {
    let saved = try Self.saved()
    let graph = try parsed().graph
    let tensors = Dictionary(uniqueKeysWithValues: graph.initializer.map { ($0.name, $0) })
    for (name, value) in zip(saved.weights.tree.names, saved.weights.values) {
      guard let tensor = tensors[name] else { continue }
      #expect(tensor.dims == value.shape.sizes.map(Int64.init), "\(name)")
      #expect(tensor.rawData == value.withUnsafeBufferPointer { Data(buffer: $0) }, "\(name)")
    }
  }

  /// Every value is there before it is read, and has one name.
  @Test func nodesAreInOrder() throws {
    for batch in [ONNXModel.Batch.dynamic, .fixed(3)] {
      let graph = try parsed(batch).graph
      var known = Set(graph.initializer.map(\.name) + ["images"])
      for node in graph.node {
        #expect(node.input.allSatisfy(known.contains), "\(node.name)")
        for output in node.output { #expect(known.insert(output).inserted, "\(output)") }
      }
      #expect(known.contains("logits"))
    }
  }

  @Test func theBytesFollowFromTheModel() throws {
    #expect(try ONNXModel(Self.saved()).serialized == ONNXModel(Self.saved()).serialized)
  }
}
