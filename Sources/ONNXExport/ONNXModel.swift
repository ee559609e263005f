import Autodiff
import ConViT
import Files
import Foundation
import SwiftProtobuf

/// A model as an ONNX file, for ONNX Runtime, OpenVINO and others: made of the operators that a
/// pass of the model calls, whatever is inside.
///
/// ```swift
/// let saved = try SavedModel(contentsOf: "best.safetensors")
/// try ONNXModel(saved).write(to: "model.onnx")
/// ```
///
/// The graph takes `images`, [N] + the shape of an example, normalised, and gives `logits`,
/// [N, outputs]. Weights are under their names, in their shapes.
///
/// Source: the specification of ONNX, `onnx.proto`, operator set 17.
public struct ONNXModel: Sendable {
  /// The operator set that its nodes are of.
  public static let opset = 17

  /// How many examples a graph takes at a time.
  public enum Batch: Hashable, Sendable {
    /// Any number.
    case dynamic
    /// That number.
    case fixed(Int)
  }

  /// `5.7 M parameters, opset 17, input "images" [N, 3, 224, 224], output "logits" [N, 1000]`
  public let summary: String
  private let bytes: Data

  /// The graph of a model with its weights.
  ///
  /// - Parameters:
  ///   - saved: a model with its weights.
  ///   - batch: how many examples the graph takes at a time.
  ///   - producerVersion: of the program that exports, for the file.
  /// - Throws: `ExportError` if an operator has no counterpart in ONNX, if the model does not treat
  ///   its examples alike, or if the file would be larger than 2 GB, which the format allows.
  public init(
    _ saved: SavedModel, batch: Batch = .dynamic, producerVersion: String = ""
  ) throws(ExportError) {
    try self.init(saved, batch: batch, producerVersion: producerVersion, byteLimit: Int(Int32.max))
  }

  init(
    _ saved: SavedModel, batch: Batch, producerVersion: String, byteLimit: Int
  ) throws(ExportError) {
    let weights = saved.weights
    try Self.check(4 * weights.tree.elementCount, byteLimit)
    var count: Int?
    if case .fixed(let number) = batch {
      guard number > 0 else { throw ExportError("a batch of \(number) examples") }
      count = number
    }
    let passes = try PassPair(saved.model, weights)
    let writer = try GraphWriter(passes, weights, batch: count)
    try Self.check(writer.byteCount, byteLimit)
    let outputs = try TracedStep(
      operation: .other, name: "the model", inputs: [], output: passes.logits
    ).sizes(of: passes.logits)
    let card = ModelCard(saved)
    var model = Onnx_ModelProto()
    model.irVersion = 8
    var operators = Onnx_OperatorSetIdProto()
    (operators.domain, operators.version) = ("", Int64(Self.opset))
    model.opsetImport = [operators]
    (model.producerName, model.producerVersion) = ("convit", producerVersion)
    model.graph = writer.graph(
      name: saved.name ?? "model", inputSizes: saved.model.input.sizes, outputSizes: outputs)
    model.docString = card.text
    model.metadataProps = card.properties.map { key, value in
      var entry = Onnx_StringStringEntryProto()
      (entry.key, entry.value) = (key, value)
      return entry
    }
    do {
      bytes = try model.serializedData()
    } catch {
      throw ExportError("cannot encode the model: \(error)")
    }
    summary =
      "\(card.parameters), opset \(Self.opset), input \(Self.text(model.graph.input)), output "
      + Self.text(model.graph.output)
  }

  /// Writes the file, which takes the place of one that is there when it is whole.
  ///
  /// - Throws: `ExportError` that names the file and what was in the way.
  public func write(to path: String) throws(ExportError) {
    do {
      try AtomicFile.replace(path, byteCount: bytes.count) { file in
        try bytes.withUnsafeBytes { try file.write($0) }
      }
    } catch {
      throw ExportError("\(error)")
    }
  }

  private static func check(_ bytes: Int, _ limit: Int) throws(ExportError) {
    guard bytes > limit - (limit >> 8) else { return }
    throw ExportError(
      "the weights and constants have \(bytes) bytes; an ONNX file holds at most \(limit)")
  }

  /// `"images" [N, 3, 224, 224]`
  private static func text(_ values: [Onnx_ValueInfoProto]) -> String {
    values.map { value in
      let sizes = value.type.tensorType.shape.dim.map {
        $0.dimParam.isEmpty ? "\($0.dimValue)" : $0.dimParam
      }
      return "\"\(value.name)\" [\(sizes.joined(separator: ", "))]"
    }.joined(separator: ", ")
  }
}

extension ONNXModel {
  /// The file's content, as ``write(to:)`` writes it.
  public var serialized: [UInt8] { Array(bytes) }
}
