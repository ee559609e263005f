import Autodiff
import ConViT
import Foundation
import Safetensors
import Testing

@Suite struct SavedModelTests {
  let folder = NSTemporaryDirectory() + "saved-model-" + UUID().uuidString

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  private func small(_ change: (inout ViTConfiguration) -> Void = { _ in }) throws -> SavedModel {
    var c = ViTConfiguration(.convit, imageSize: 16, patchSize: 4, embedDim: 16, heads: 4)
    (c.depth, c.localUpToLayer, c.classes) = (2, 1, 3)
    change(&c)
    let model = try VisionTransformer(c)
    return SavedModel(model, ParameterStore(model, seed: 5), classNames: ["a", "b", "c"])
  }

  @Test func comesBackAsItWas() throws {
    let (saved, path) = (try small(), folder + "/model.safetensors")
    try saved.write(to: path)
    let loaded = try SavedModel(contentsOf: path)
    #expect((try loaded.transformer).configuration == (try saved.transformer).configuration)
    #expect(loaded.classNames == ["a", "b", "c"])
    #expect(loaded.weights.values == saved.weights.values)
    #expect(loaded.warnings.isEmpty)
  }

  @Test func aNormalizationComesBackToTheBit() throws {
    let path = folder + "/normalized.safetensors"
    var saved = try small()
    try saved.write(to: path)
    #expect(try SavedModel(contentsOf: path).normalization == nil)
    #expect(try SafetensorsFile(contentsOf: path).metadata["normalization"] == nil)
    let statistics = ChannelStatistics(mean: [0.1, 1 / 3, -0.7], std: [0.2, .ulpOfOne, 3])
    saved.normalization = statistics
    try saved.write(to: path)
    #expect(try SavedModel(contentsOf: path).normalization == statistics)

    var metadata = try SafetensorsFile(contentsOf: path).metadata
    for (text, reason) in [
      (#"{"mean":[0,0],"std":[1,1]}"#, "2 means and 2 standard deviations for 3 channels"),
      (#"{"mean":[0,0,0],"std":[1,0,1]}"#, "a normalisation by mean 0.0 0.0 0.0, std 1.0 0.0 1.0"),
      (#"{"mean":[0,0,0]}"#, "the metadata entry 'normalization' is not as expected"),
    ] {
      metadata["normalization"] = text
      try SafetensorsWriter.write(saved.weights.outputTensors, metadata: metadata, to: path)
      #expect(message { try SavedModel(contentsOf: path) }.contains(reason), "\(text)")
    }
  }

  /// What a model was trained with is said where it is to be trained with other inputs.
  @Test func anotherNormalizationIsNoted() throws {
    let path = folder + "/other.safetensors"
    var saved = try small()
    saved.normalization = ChannelStatistics(mean: [0, 0, 0], std: [1, 1, 1])
    try saved.write(to: path)
    func notes(_ normalization: ChannelStatistics) throws -> [String] {
      try SavedModel.finetuned(
        (try saved.transformer), from: path, seed: 0, normalization: normalization
      ).notes
    }
    #expect(try notes(ChannelStatistics(mean: [0, 0, 0], std: [1, 1, 1])).isEmpty)
    #expect(
      try notes(ChannelStatistics(mean: [0.5, 0, 0], std: [1, 1, 1])) == [
        "\(path): its inputs were normalised by mean 0.0 0.0 0.0, std 1.0 1.0 1.0, not by "
          + "mean 0.5 0.0 0.0, std 1.0 1.0 1.0 (--mean, --std)"
      ])
  }

  /// What could not be read again is not written.
  @Test func whatDoesNotGoTogetherIsNotWritten() throws {
    let path = folder + "/never.safetensors"
    let saved = try small()
    func expect(_ reason: String, _ change: (inout SavedModel) throws -> Void) throws {
      var saved = saved
      try change(&saved)
      let error = #expect(throws: WeightsError.self) { try saved.write(to: path) }
      #expect(error?.reason.contains(reason) == true, "\(String(describing: error))")
      #expect(!FileManager.default.fileExists(atPath: path))
    }
    try expect("the weights are of another model") {
      $0.weights = try small { $0.depth = 3 }.weights
    }
    try expect("the weights are of another model") {
      $0.weights = try small { $0.classes = 4 }.weights
    }
    try expect("4 class names for 3 classes") { $0.classNames = ["a", "b", "c", "d"] }
    try expect("1 means and 1 standard deviations for 3 channels") {
      $0.normalization = ChannelStatistics(mean: [0], std: [1])
    }
    try expect("a class name is there twice") { $0.classNames = ["a", "b", "a"] }
    try saved.write(to: path)
  }

  @Test func aFileWithoutMetadataNeedsAName() throws {
    let path = folder + "/bare.safetensors"
    let model = try VisionTransformer(try .preset(of: "deit_tiny_patch16_224"))
    let tensors = ParameterStore(model, seed: 0).outputTensors.map { tensor in
      tensor.name.hasPrefix("head.")
        ? OutputTensor(
          name: tensor.name, shape: [7] + tensor.shape.dropFirst(),
          data: Array(repeating: 0, count: 7 * tensor.shape.dropFirst().reduce(1, *)))
        : tensor
    }
    try SafetensorsWriter.write(tensors, to: path)
    #expect(message { try SavedModel(contentsOf: path) }.contains("name it with --model"))
    let loaded = try SavedModel(contentsOf: path, as: .init(name: "deit_tiny_patch16_224"))
    #expect((try loaded.transformer).configuration.classes == 7)
    let other = message { try SavedModel(contentsOf: path, as: .init(name: "convit_tiny")) }
    #expect(other.contains("not weights of this model"))
    #expect(other.contains("1 of another shape (pos_embed [1, 197, 192] instead of [1, 196, 192])"))
    #expect(other.contains("50 missing (blocks.0.attn.qk.weight and "))
    #expect(other.contains("22 not of the model (blocks.0.attn.qkv.weight and "))
    #expect(!other.contains("\n"))
    let unknown = message { try SavedModel(contentsOf: path, as: .init(name: "resnet50")) }
    #expect(unknown.contains("no model is called 'resnet50'"))
  }

  @Test func aDescriptionThatDiffersFromTheFileIsAnError() throws {
    let path = folder + "/model.safetensors"
    try small().write(to: path)
    let tiny = message { try SavedModel(contentsOf: path, as: .init(name: "convit_tiny")) }
    #expect(tiny.contains("the file's model has embedding dimension 16, not 192 as asked"))
    let size = message { try SavedModel(contentsOf: path, as: .init(imageHeight: 30)) }
    #expect(size.contains("the patch size 4 does not divide the image size 30 × 16"))
    let patch = message { try SavedModel(contentsOf: path, as: .init(patchSize: 8)) }
    #expect(patch.contains("patch size 4, not 8 as asked"))
  }

  @Test func numbersThatAreNotFiniteAreReported() throws {
    var saved = try small()
    saved.weights[slot: 0] = Tensor(repeating: .nan, saved.weights.values[0].shape)
    let path = folder + "/nan.safetensors"
    try saved.write(to: path)
    let warnings = try SavedModel(contentsOf: path).warnings
    #expect(warnings == ["not all numbers are finite in \(saved.weights.tree.names[0])"])
  }

  @Test func numbersOfOtherTypesAreConvertedWithANote() throws {
    let path = folder + "/model.safetensors"
    let saved = try small()
    try saved.write(to: path)
    let file = try SafetensorsFile(contentsOf: path)
    let halves: [OutputTensor] = try file.tensors.enumerated().map { index, tensor in
      let values = try file.floats(tensor.name)
      switch index % 3 {
      case 0:
        return OutputTensor(
          name: tensor.name, type: .bf16, shape: tensor.shape,
          bytes: values.flatMap { [UInt8($0.bitPattern >> 16 & 255), UInt8($0.bitPattern >> 24)] })
      case 1:
        return OutputTensor(
          name: tensor.name, type: .f64, shape: tensor.shape,
          bytes: values.flatMap { value in
            withUnsafeBytes(of: Double(value).bitPattern.littleEndian) { [UInt8]($0) }
          })
      default: return OutputTensor(name: tensor.name, shape: tensor.shape, data: values)
      }
    }
    try SafetensorsWriter.write(halves, metadata: file.metadata, to: path)
    let loaded = try SavedModel(contentsOf: path)
    #expect(loaded.warnings == ["BF16, F64 converted to F32"])
    for (new, old) in zip(loaded.weights.values, saved.weights.values) {
      #expect(zip(new.elements, old.elements).allSatisfy { abs($0 - $1) <= abs($1) / 128 })
    }
  }

  @Test func allThatDoesNotFitIsListed() throws {
    let path = folder + "/model.safetensors"
    let tensors = (0..<25).map {
      OutputTensor(name: "extra.\($0)\u{1b}\r", shape: [1], data: [0])
    }
    try SafetensorsWriter.write(tensors, to: path)
    let text = message { try SavedModel(contentsOf: path, as: .init(name: "convit_tiny")) }
    #expect(text.contains("not weights of this model: 180 missing (cls_token, pos_embed, "))
    #expect(text.contains(#"25 not of the model (extra.0\u{1b}\r, "#))
    #expect(text.contains(#"extra.4\u{1b}\r and 20 more)"#) && !text.contains("extra.5"))
    #expect(text.unicodeScalars.allSatisfy { $0.value >= 32 })
  }

  @Test func aPartOfTheWeights() throws {
    let path = folder + "/part.safetensors"
    let (model, saved) = (try small { $0.depth = 3 }, try small())
    try saved.write(to: path)
    let file = try WeightsFile(contentsOf: path)
    let tree = model.weights.tree
    #expect(
      message { try ParameterStore.load(tree, from: file, start: model.weights) }
        .contains("11 missing (blocks.2.norm1.weight and "))
    let loaded = try ParameterStore.load(tree, from: file, isPartial: true, start: model.weights)
    #expect(loaded.kept.count == 11 && loaded.kept.allSatisfy { $0.hasPrefix("blocks.2.") })
    #expect(loaded.unused.isEmpty)
    #expect(loaded.weights["blocks.2.norm1.weight"] == model.weights["blocks.2.norm1.weight"])
    #expect(loaded.weights["blocks.1.attn.qkv.weight"] == saved.weights["blocks.1.attn.qkv.weight"])
    let back = try ParameterStore.load(
      saved.weights.tree, from: file, isPartial: true, start: saved.weights)
    #expect(back.kept.isEmpty && back.weights.values == saved.weights.values)
    try SafetensorsWriter.write([OutputTensor(name: "a", shape: [1], data: [0])], to: path)
    let other = try WeightsFile(contentsOf: path)
    #expect(
      message { try ParameterStore.load(tree, from: other, isPartial: true, start: model.weights) }
        .hasSuffix("none of its tensors fits the model"))
  }

  /// As many classes, but others: their head would be of no use, and would look as if it were.
  @Test func aHeadForOtherClassesStartsAnew() throws {
    let path = folder + "/classes.safetensors"
    var saved = try small()
    let names = (0..<(try saved.transformer).configuration.classes).map { "class \($0)" }
    saved.classNames = names
    try saved.write(to: path)
    let same = try SavedModel.finetuned(
      (try saved.transformer), from: path, seed: 9, classNames: names)
    #expect(same.notes == [] && same.weights.values == saved.weights.values)
    let (weights, notes) = try SavedModel.finetuned(
      (try saved.transformer), from: path, seed: 9, classNames: names.dropFirst() + ["another"])
    #expect(notes.count == 1 && notes[0].hasSuffix("head.bias, head.weight start anew"))
    let start = ParameterStore(saved.model, seed: 9)
    for name in saved.weights.tree.names {
      #expect(weights[name] == (name.hasPrefix("head.") ? start : saved.weights)[name], "\(name)")
    }
  }

  /// Would overflow where the size of the file's images is compared with another.
  @Test func aDescriptionOfAnImpossibleModelIsAnError() throws {
    let path = folder + "/impossible.safetensors"
    let saved = try small()
    try saved.write(to: path)
    var metadata = try SafetensorsFile(contentsOf: path).metadata
    metadata["configuration"] = metadata["configuration"]?
      .replacingOccurrences(of: #""imageHeight":16"#, with: #""imageHeight":\#(Int.max / 4 * 4)"#)
    try SafetensorsWriter.write(saved.weights.outputTensors, metadata: metadata, to: path)
    let description = SavedModel.Description(imageHeight: 32, imageWidth: 32)
    let error = "the image height must be 1 to 65536, found \(Int.max / 4 * 4)"
    #expect(message { try SavedModel(contentsOf: path, as: description) } == "\(path): \(error)")
    #expect(
      message { try SavedModel.finetuned((try saved.transformer), from: path, seed: 0) }
        == "\(path): \(error)")
  }

  /// What a file says of its model costs nothing before its tensors are looked at: the offsets
  /// between 16,384 patches alone would take 3 GB.
  @Test func aDescriptionOfAHugeModelIsCheap() throws {
    let path = folder + "/huge.safetensors"
    try small().write(to: path)
    var metadata = try SafetensorsFile(contentsOf: path).metadata
    metadata["configuration"] = metadata["configuration"]?
      .replacingOccurrences(of: #""imageHeight":16"#, with: #""imageHeight":512"#)
      .replacingOccurrences(of: #""imageWidth":16"#, with: #""imageWidth":512"#)
    try SafetensorsWriter.write([], metadata: metadata, to: path)
    let before = try peakAddressSpace()
    #expect(message { try SavedModel(contentsOf: path) }.contains("missing (cls_token"))
    #expect(try peakAddressSpace() - before < 1 << 20, "less than a gigabyte")
  }

  /// The most address space that this process has had, in kB.
  private func peakAddressSpace() throws -> Int {
    let lines = try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split {
      $0 == "\n"
    }
    let line = try #require(lines.first { $0.hasPrefix("VmPeak") })
    return try #require(Int(line.filter(\.isNumber)))
  }

  @Test func impossibleConfigurationsAreErrors() throws {
    func fault(_ change: (inout ViTConfiguration) -> Void) -> String {
      message { try small(change) }
    }
    #expect(fault { $0.patchSize = 5 }.contains("patch size 5 does not divide"))
    #expect(fault { $0.heads = 3 }.contains("not divisible by 3 heads"))
    #expect(fault { $0.localUpToLayer = 2 }.contains("class token would never join"))
    #expect(fault { $0.localUpToLayer = 3 }.contains("expected 0 to depth"))
    #expect(fault { $0.dropPathRate = 1 }.contains("drop-path rate 1.0"))
    #expect(fault { $0.classes = 0 }.contains("the classes must be 1 to 1000000, found 0"))
    #expect(fault { $0.start = .convolutional(strength: 0) }.contains("locality strength"))
    #expect(fault { ($0.localUpToLayer, $0.pooling) = (2, .average) } == "nothing thrown")
  }

  private func message(_ body: () throws -> some Any) -> String {
    do { _ = try body() } catch { return "\(error)" }
    return "nothing thrown"
  }
}
