import Autodiff
import ConViT
import Foundation
import Safetensors
import Testing

/// Weights from elsewhere: prefixes, tensors that are none, names of other projects.
@Suite struct WeightsFileTests {
  private let path = NSTemporaryDirectory() + "weights-file-\(UUID().uuidString).safetensors"
  private let (model, saved): (VisionTransformer, SavedModel)

  init() throws {
    var c = ViTConfiguration(.convit, imageSize: 16, patchSize: 4, embedDim: 16, heads: 4)
    (c.depth, c.localUpToLayer, c.classes) = (3, 2, 3)
    model = try VisionTransformer(c)
    saved = SavedModel(model, ParameterStore(model, seed: 5), classNames: ["a", "b", "c"])
  }

  /// Writes the weights with another name each, and what else there is.
  private func write(
    _ others: [OutputTensor] = [], metadata: Bool = true,
    _ name: (String) -> String? = { $0 }
  ) throws {
    try saved.write(to: path)
    let strings = metadata ? try SafetensorsFile(contentsOf: path).metadata : [:]
    let tensors = zip(saved.weights.tree.names, saved.weights.values).compactMap { old, value in
      name(old).map { OutputTensor(name: $0, shape: value.shape.sizes, data: value.elements) }
    }
    try SafetensorsWriter.write(tensors + others, metadata: strings, to: path)
  }

  /// Tensors without numbers, for what looks at names and shapes alone.
  private func write(shapes: [String: [Int]]) throws {
    let tensors = shapes.sorted { $0.key < $1.key }.map { name, shape in
      OutputTensor(name: name, shape: shape, data: Array(repeating: 0, count: shape.reduce(1, *)))
    }
    try SafetensorsWriter.write(tensors, to: path)
  }

  private func message(_ body: () throws -> some Any) -> String {
    do { _ = try body() } catch { return "\(error)".replacingOccurrences(of: path, with: "file") }
    return "nothing thrown"
  }

  @Test(arguments: [
    "module.", "_orig_mod.", "model.", "backbone.", "module._orig_mod.model.", "a.b.c.d.e.f.g.",
    "blocks.", "é\u{1b}.",
  ])
  func anyPrefixIsDropped(_ prefix: String) throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try write { prefix + $0 }
    let loaded = try SavedModel(contentsOf: path)
    #expect(loaded.weights.values == saved.weights.values && loaded.classNames == ["a", "b", "c"])
    let shown = prefix.replacingOccurrences(of: "\u{1b}", with: #"\u{1b}"#)
    #expect(loaded.warnings == ["the prefix '\(shown)' of its names is dropped"])
    let (weights, notes) = try SavedModel.finetuned(model, from: path, seed: 1)
    #expect(weights.values == saved.weights.values)
    #expect(notes == ["\(path): the prefix '\(shown)' of its names is dropped"])
    #expect(try WeightsFile(contentsOf: path).prefix == prefix)
    #expect(try SafetensorsFile(contentsOf: path).info("head.weight") == nil, "stays strict")
  }

  @Test func countsAreLeft() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let counts = [
      OutputTensor(name: "n_averaged", shape: [], integers: [3]),
      OutputTensor(name: "module.norm.num_batches_tracked", shape: [2], integers: [1, 2]),
      OutputTensor(name: "module.scale", shape: [], data: [1]),
    ]
    try write(counts) { "module." + $0 }
    let loaded = try SavedModel(contentsOf: path)
    #expect(loaded.weights.values == saved.weights.values)
    #expect(loaded.warnings.count == 2 && loaded.warnings[0].contains("'module.'"))
    #expect(
      loaded.warnings[1].hasPrefix("3 tensors are left, as they are no weights of a model ("))
    for name in ["n_averaged", "norm.num_batches_tracked", "scale"] {
      #expect(loaded.warnings[1].contains(name))
    }
  }

  @Test func otherTensorsAreErrors() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let others = ["module.decoder.weight", "outside", "head.weight"].map {
      OutputTensor(name: $0, shape: [2], data: [0, 0])
    }
    try write(others) { "module." + $0 }
    let text = message { try SavedModel(contentsOf: path) }
    let start = "file: not weights of this model (the prefix 'module.' of its names is dropped): "
    #expect(text.hasPrefix(start + "3 not of the model ("), "\(text)")
    for name in ["decoder.weight", "outside", "head.weight"] { #expect(text.contains(name)) }
  }

  @Test func aPartOfTheNamesHasAPrefix() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let count = saved.weights.tree.count
    let local = saved.weights.tree.names.count { $0.hasPrefix("blocks.0.") }
    for metadata in [true, false] {
      try write(metadata: metadata) { $0.hasPrefix("blocks.0.") ? $0 : "module." + $0 }
      let text = message { try SavedModel(contentsOf: path) }
      #expect(
        text.contains("\(count - local) names begin with 'module.', \(local) do not; give all of"),
        "\(text)")
    }
    // Half of them, so that no prefix is the usual one.
    let first = Set(saved.weights.tree.names.prefix(count / 2))
    try write { first.contains($0) ? $0 : "module." + $0 }
    let half = message { try SavedModel(contentsOf: path) }
    #expect(half.contains("\(count - count / 2) names begin with 'module.', \(count / 2) do not"))
    try write { (first.contains($0) ? "a." : "b.") + $0 }
    #expect(
      message { try SavedModel.finetuned(model, from: path, seed: 1) }
        .contains("names begin with '"))
  }

  @Test func aTensorBesideTheModelHasAWayOn() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try write([OutputTensor(name: "loss_fn.weight", shape: [2], data: [0, 0])])
    #expect(
      message { try SavedModel(contentsOf: path) }
        .hasSuffix("1 not of the model (loss_fn.weight); write the file without it"))
    #expect(
      message { try SavedModel.finetuned(model, from: path, seed: 1) }
        .hasSuffix("1 not of the model (loss_fn.weight); with --partial it is left"))
    let partial = try SavedModel.finetuned(model, from: path, seed: 1, isPartial: true)
    #expect(partial.notes == ["\(path): 1 of the file not used (loss_fn.weight)"])
  }

  @Test(arguments: ["", "module."])
  func theProjectionHeadOfDINOIsLeft(_ outer: String) throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let head = ["head.mlp.0.weight", "head.last_layer.weight_g"].map {
      OutputTensor(name: outer + $0, shape: [2], data: [0, 0])
    }
    try write(head) { outer + "backbone." + $0 }
    let loaded = try SavedModel(contentsOf: path)
    #expect(loaded.weights.values == saved.weights.values)
    #expect(
      loaded.warnings.last?.hasPrefix("2 tensors are left, as they are no weights of a model (")
        == true)
    #expect(loaded.warnings.last?.contains("head.last_layer.weight_g") == true)
    // DINO's backbone has no classes.
    try write(head) { $0.hasPrefix("head.") ? nil : outer + "backbone." + $0 }
    #expect(
      message { try SavedModel(contentsOf: path) }.hasSuffix(
        "2 missing (head.weight, head.bias); convit train --finetune starts a head anew"))
    #expect(throws: Never.self) { try SavedModel.finetuned(model, from: path, seed: 1) }
  }

  @Test func severalModels() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let teacher = saved.weights.outputTensors.map {
      OutputTensor(
        name: "teacher." + $0.name, shape: $0.shape,
        data: Array(repeating: 0, count: $0.shape.reduce(1, *)))
    }
    try write(teacher) { "student." + $0 }
    #expect(
      message { try SavedModel(contentsOf: path) }
        == "file: it holds 2 models, whose names begin with 'student.', 'teacher.'; choose one "
        + "with convit convert --prefix")
    // Names as published are meant, whatever stands beside them.
    try write(teacher)
    #expect(message { try SavedModel(contentsOf: path) }.contains("not of the model (teacher."))
  }

  static let schemes: [([String], String)] = [
    (
      (0..<24).map { "vit.encoder.layer.\($0).attention.attention.query.weight" },
      "Hugging Face's transformers (vit.encoder.layer.0.attention.attention.query.weight), of 24 "
        + "blocks"
    ),
    (
      (0..<12).map { "encoder.layers.encoder_layer_\($0).ln_1.weight" },
      "torchvision (encoder.layers.encoder_layer_0.ln_1.weight), of 12 blocks"
    ),
    (
      (0..<6).map { "visual.transformer.resblocks.\($0).ln_1.weight" },
      "CLIP (visual.transformer.resblocks.0.ln_1.weight), of 6 blocks"
    ),
    (["layer1.0.conv1.weight"], "a ResNet (layer1.0.conv1.weight)"),
    (["model.layers.0.self_attn.q_proj.weight"], "a language model ("),
  ]

  @Test(arguments: schemes)
  func otherNames(_ names: [String], _ owner: String) throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try write(shapes: Dictionary(uniqueKeysWithValues: names.map { ($0, [2, 2]) }))
    let named = message { try SavedModel(contentsOf: path, as: .init(name: "convit_tiny")) }
    #expect(named.contains("the names are those of \(owner)"), "\(named)")
    #expect(named.contains("timm's (blocks.0.attn.qkv.weight); 180 missing (cls_token and 179 "))
    #expect(named.count < 500)
    let nameless = message { try SavedModel(contentsOf: path) }
    #expect(nameless.hasPrefix("file: its names are those of \(owner)") && nameless.count < 500)
    #expect(!nameless.contains("--model"))
  }

  @Test func otherShapes() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    func text(_ model: String, as other: String) throws -> String {
      try write(shapes: Self.shapes(of: model))
      let text = message { try SavedModel(contentsOf: path, as: .init(name: other)) }
      #expect(text.count < 500, "\(text)")
      return text
    }
    #expect(
      try text("deit_small_patch16_224", as: "deit_tiny_patch16_224").hasPrefix(
        "file: not weights of this model: the file has width 384, not 192; its shapes are those of "
          + "deit_small_patch16_224, vit_small_patch16_224; 151 of another shape (cls_token [1, 1, "
          + "384] instead of "
      ))
    #expect(
      try text("deit_tiny_patch16_224", as: "convit_tiny").contains(
        "the file has attn.qkv in all blocks, as ViT and DeiT, not attn.qk and attn.v in 10, as "
          + "ConViT; its shapes are those of deit_tiny_patch16_224, vit_tiny_patch16_224; "))
    #expect(
      try text("convit_tiny", as: "deit_tiny_distilled_patch16_224").contains(
        "attn.qk and attn.v in 10 blocks, as ConViT, not attn.qkv in all, as ViT and DeiT; no "
          + "distillation token; its shapes are those of convit_tiny; "))
    var deep = try Self.shapes(of: "deit_tiny_patch16_224")
    for (name, shape) in deep where name.hasPrefix("blocks.11.") {
      deep[name.replacingOccurrences(of: ".11.", with: ".12.")] = shape
    }
    try write(shapes: deep)
    #expect(
      message { try SavedModel(contentsOf: path, as: .init(name: "deit_tiny_patch16_224")) }
        .contains("the file has 13 blocks, not 12; 12 not of the model (blocks.12."))
  }

  private static func shapes(of preset: String) throws -> [String: [Int]] {
    let tree = ParameterTree(try VisionTransformer(.preset(of: preset)))
    return Dictionary(
      uniqueKeysWithValues: zip(tree.names, tree.parameters.map(\.shape.sizes)))
  }

  @Test func aPresetIsNamedByItsShapes() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    for name in ["convit_tiny", "convit_tiny_plus", "deit_tiny_distilled_patch16_224"] {
      try write(shapes: Self.shapes(of: name))
      #expect(
        message { try SavedModel(contentsOf: path) }.hasSuffix("its shapes are those of \(name)"))
    }
  }

  @Test func aConViTOfNoPresetIsReadByItsShapes() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try write(metadata: false)
    let loaded = try SavedModel(contentsOf: path)
    #expect(loaded.weights.values == saved.weights.values)
    #expect((try loaded.transformer).configuration.difference(from: model.configuration) == nil)
    #expect(
      loaded.warnings == [
        "the file does not say which model it is; by its shapes it has 3 blocks (2 GPSA), 4 heads "
          + "of 4 features, patches of 4 pixels"
      ])
    let larger = try SavedModel(contentsOf: path, as: .init(imageHeight: 24, imageWidth: 24))
    #expect((try larger.transformer).configuration.imageHeight == 24)
    #expect(
      message { try SavedModel(contentsOf: path, as: .init(patchSize: 8)) }
        .hasSuffix("its patches are 4 × 4 pixels, not 8 × 8 (patch-size)"))
  }

  @Test func theHeadsOfAViTCannotBeTold() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    var c = ViTConfiguration(.vit, imageSize: 16, patchSize: 8, embedDim: 32, heads: 4)
    (c.depth, c.qkvBias) = (6, true)
    let tree = ParameterTree(try VisionTransformer(c))
    var shapes = Dictionary(
      uniqueKeysWithValues: zip(tree.names, tree.parameters.map(\.shape.sizes)))
    let start =
      "file: the file does not say which model it is, and its shapes do not tell how many heads it "
      + "has: it has width 32, 6 blocks, patches of 8 × 8 pixels, as no preset has; "
    try write(shapes: shapes)
    #expect(
      message { try SavedModel(contentsOf: path) } == start
        + "convit train --finetune takes it with --model deit_tiny_patch16_224 --depth 6 "
        + "--patch-size 8 --heads H --head-dim D (H × D = 32)")
    // No flag says that the MLPs are of another size.
    for (name, shape) in shapes where name.contains("mlp.") {
      shapes[name] = shape.map { $0 == 128 ? 96 : $0 }
    }
    try write(shapes: shapes)
    #expect(
      message { try SavedModel(contentsOf: path) } == start
        + "no flags describe it, so it needs the metadata that convit train writes")
  }

  /// Many long names, all of which could stand behind a prefix.
  @Test func manyNames() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let header = (0..<5000).map {
      #""\#(String(repeating: "a.", count: 100))\#($0).norm.weight":"#
        + #"{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"#
    }
    let json = Array("{\(header.joined(separator: ","))}".utf8)
    let length = withUnsafeBytes(of: UInt64(json.count).littleEndian) { [UInt8]($0) }
    try Data(length + json).write(to: URL(fileURLWithPath: path))
    #expect(try WeightsFile(contentsOf: path).prefix.isEmpty)
    #expect(message { try SavedModel(contentsOf: path) }.count < 200)
  }
}
