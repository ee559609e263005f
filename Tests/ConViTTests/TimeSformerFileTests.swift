import Autodiff
import Foundation
import Safetensors
import Testing

@testable import ConViT

/// Weights of models of clips: those of others (Fixtures/make_timesformer.py), this package's own,
/// and those that begin as a model of images.
struct TimeSformerFileTests {
  private let folder = FileManager.default.temporaryDirectory.appending(
    path: UUID().uuidString, directoryHint: .isDirectory)

  init() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private var path: String { folder.path + "/model.safetensors" }

  private func expected(_ name: String) throws -> Tensor {
    let file = try SafetensorsFile(contentsOf: fixture("timesformer/expected.safetensors"))
    return Tensor(Shape(try #require(file.info(name)).shape), try file.floats(name))
  }

  /// How far logits of the fixture's clips are from others.
  private func difference(_ saved: SavedModel, from name: String) throws -> Float {
    let logits = saved.model(Tape(saved.weights, .inference).constant(try expected("clips"))).value
    let theirs = try expected(name)
    guard logits.shape == theirs.shape else { return .infinity }
    return zip(logits.elements, theirs.elements).map { abs($0 - $1) }.max() ?? .infinity
  }

  private func message(_ body: () throws -> some Any) -> String {
    do { _ = try body() } catch { return "\(error)" }
    return "nothing thrown"
  }

  @Test(arguments: ["space", "joint", "divided"]) func huggingFacesLogits(scheme: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let saved = try SavedModel(contentsOf: fixture("timesformer/\(scheme)"))
    #expect(try difference(saved, from: scheme) < 1e-5)
    #expect(saved.warnings[0].hasPrefix("the names are those of Hugging Face's transformers ("))
    #expect(saved.warnings[1].hasSuffix("patches of 4 pixels, 3 frames, \(scheme) attention"))
    #expect(saved.classNames == ["left", "right", "up", "down"])
    #expect(saved.normalization == .clips && saved.cropRatio == 1)

    // The same as this package's file, from whichever it was written.
    try saved.write(to: path)
    let again = try SavedModel(contentsOf: path)
    #expect(try difference(again, from: scheme) < 1e-5)
    #expect(again.warnings.isEmpty && again.classNames == saved.classNames)
    let converted = folder.path + "/converted.safetensors"
    _ = try WeightsFile(contentsOf: fixture("timesformer/\(scheme)")).write(
      to: converted, model: nil)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: converted))
        == Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// The gradients of the mean cross entropy, of `divided`, against PyTorch in double precision.
  @Test func pyTorchsGradients() throws {
    let saved = try SavedModel(contentsOf: fixture("timesformer/divided"))
    let tree = saved.weights.tree
    let file = try WeightsFile(contentsOf: fixture("timesformer/gradients.safetensors"))
    let theirs = try ParameterStore.load(tree, from: file, start: .zeros(tree)).weights
    let tape = Tape(saved.weights)
    let logits = saved.model(tape.constant(try expected("clips")))
    let ours = tape.gradients(of: logits.crossEntropy(labels: [2, 0]).mean())
    for name in tree.names {
      #expect(try distance(#require(ours[name]), #require(theirs[name])) < 1e-5, "\(name)")
    }
  }

  /// The authors' files have these names behind `model.`, and do not say of which model they are.
  @Test(arguments: ["joint", "divided"]) func theAuthorsNames(scheme: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let saved = try SavedModel(contentsOf: fixture("timesformer/\(scheme)"))
    let names = saved.weights.tree.names
    #expect(names.contains("time_embed") && names.contains("blocks.1.attn.qkv.weight"))
    #expect(
      names.contains("blocks.1.temporal_fc.bias") == (scheme == "divided")
        && names.contains("blocks.1.temporal_attn.proj.bias") == (scheme == "divided")
        && names.contains("blocks.0.temporal_norm1.weight") == (scheme == "divided"))
    try SafetensorsWriter.write(
      zip(names, saved.weights.values).map { name, value in
        OutputTensor(name: "model." + name, shape: value.shape.sizes, data: value.elements)
      }, to: path)
    let theirs = try SavedModel(contentsOf: path, as: .init(heads: 2))
    #expect(try difference(theirs, from: scheme) < 1e-5)
    #expect(theirs.normalization == .clips)
    let configuration = try theirs.model(as: TimeSformer.self).configuration
    #expect(configuration.image.dropPathRate == 0.1)
    #expect(theirs.warnings[1].contains("by its shapes it has 2 blocks, 2 heads"))
    #expect(message { try SavedModel(contentsOf: path) }.contains("or the number of its heads"))
    let base = "timesformer_base_patch16_224"
    #expect(
      message { try SavedModel(contentsOf: path, as: .init(name: base)) }.contains("not 768"))
  }

  /// Embeddings go to the nearest place, in two dimensions; what else is asked for must be so.
  @Test func otherFramesAndSizes() throws {
    let place = try fixture("timesformer/divided")
    let old = try SavedModel(contentsOf: place)
    let new = try SavedModel(
      contentsOf: place, as: .init(imageHeight: 24, imageWidth: 16, frames: 5))
    #expect(new.model.input == [5, 3, 24, 16])
    #expect(new.warnings.contains("time embedding resized from 3 to 5 frames"))
    #expect(
      new.warnings.contains(
        "position embedding resized from 3 × 3 to 6 × 4 patches, each the nearest"))
    func row(_ saved: SavedModel, _ name: String, _ place: Int) throws -> [Float] {
      Array(try #require(saved.weights[name]).elements[place * 8..<(place + 1) * 8])
    }
    for (frame, nearest) in [0, 0, 1, 1, 2].enumerated() {
      #expect(try row(new, "time_embed", frame) == row(old, "time_embed", nearest))
    }
    #expect(try row(new, "pos_embed", 0) == row(old, "pos_embed", 0))
    for line in 0..<6 {
      for (column, nearest) in [0, 0, 1, 2].enumerated() {
        let (ours, theirs) = (1 + line * 4 + column, 1 + line / 2 * 3 + nearest)
        #expect(try row(new, "pos_embed", ours) == row(old, "pos_embed", theirs))
      }
    }
    for (description, reason) in [
      (SavedModel.Description(patchSize: 8), "the file's model has patch size 4, not 8 as asked"),
      (.init(frames: 0), "the frames must be 1 to 1024, found 0"),
      (.init(name: "vit_tiny_patch16_224"), "its model is one of clips (2 blocks, 2 heads"),
      (.init(name: "timesformer_tiny_patch16_224"), "the file's model"),
    ] {
      let text = message { try SavedModel(contentsOf: place, as: description) }
      #expect(text.contains(reason), "\(text)")
    }
  }

  /// The grid is the one that the file says, which need not be a square.
  @Test func positionsOfAnotherGrid() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    var c = ViTConfiguration(.vit, imageSize: 8, patchSize: 4, embedDim: 8, heads: 2)
    (c.imageWidth, c.depth, c.classes) = (12, 1, 3)
    let old = TimeSformerConfiguration(c, frames: 2)
    let saved = try SavedModel(old, ParameterStore(TimeSformer(old), seed: 1))
    try saved.write(to: path)
    let new = try SavedModel(contentsOf: path, as: .init(imageHeight: 16, imageWidth: 12))
    let (ours, theirs) = (
      try #require(new.weights["pos_embed"]), try #require(saved.weights["pos_embed"])
    )
    #expect(ours.shape == [1, 13, 8])
    for (place, nearest) in [0, 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6].enumerated() {
      #expect(ours.sliced(1, place..<place + 1) == theirs.sliced(1, nearest..<nearest + 1))
    }
  }

  @Test func aModelOfImagesIsNotOneOfClips() throws {
    for description in [
      SavedModel.Description(name: "timesformer_tiny_patch16_224"), .init(frames: 8),
    ] {
      let text = message { try SavedModel(contentsOf: fixture("hub/vit"), as: description) }
      #expect(text.contains("its model is of images, and one of clips is asked for"), "\(text)")
    }
  }

  /// What an inflated model takes from that of images, and where it starts as what.
  @Test func inflation() throws {
    let saved = try SavedModel(contentsOf: fixture("hub/vit"))
    for (scheme, added) in [
      ("divided", ["temporal"]), ("axial", ["temporal", "width"]), ("local-global", ["global"]),
      ("joint", []),
    ] {
      let inflated = try saved.inflated(
        frames: 2, scheme: #require(TimeSformerConfiguration.Scheme(rawValue: scheme)))
      let (ours, theirs) = (inflated.weights, saved.weights)
      for name in theirs.tree.names { #expect(ours[name] == theirs[name], "\(name)") }
      for prefix in added {
        for part in ["attn.qkv.weight", "attn.proj.bias", "norm1.weight"] {
          #expect(ours["blocks.1.\(prefix)_\(part)"] == theirs["blocks.1.\(part)"], "\(prefix)")
        }
        for part in ["weight", "bias"] {
          let fc = try #require(ours["blocks.1.\(prefix)_fc.\(part)"])
          #expect(fc.elements.allSatisfy { $0 == 0 })
        }
      }
      #expect(try #require(ours["time_embed"]).elements.allSatisfy { $0 == 0 })
      #expect(inflated.classNames == saved.classNames)
      #expect(inflated.normalization == saved.normalization)
      #expect(inflated.warnings.isEmpty == added.isEmpty)
    }
  }

  @Test func inflationOfAConViTForOtherClasses() throws {
    var c = ViTConfiguration(.convit, imageSize: 8, patchSize: 4, embedDim: 8, heads: 2)
    (c.depth, c.localUpToLayer, c.classes) = (2, 1, 3)
    let model = try VisionTransformer(c)
    let saved = SavedModel(model, ParameterStore(model, seed: 1), classNames: ["a", "b", "c"])
    let inflated = try saved.inflated(imageHeight: 12, classNames: ["up", "down"], seed: 3)
    #expect(inflated.model.input == [8, 3, 12, 8])
    #expect(inflated.weights["head.weight"]?.shape == [2, 8])
    let qkv = try #require(inflated.weights["blocks.0.temporal_attn.qkv.weight"])
    #expect(qkv.sliced(0, 0..<16) == saved.weights["blocks.0.attn.qk.weight"])
    #expect(qkv.sliced(0, 16..<24) == saved.weights["blocks.0.attn.v.weight"])
    #expect(
      inflated.warnings == [
        "temporal_attn starts as the attention within the frames, and adds nothing at first",
        "position embedding resampled from 2 × 2 to 3 × 2 patches",
        "the classes are others: the head starts anew",
      ])
    #expect(
      message { try inflated.inflated() }.contains(
        "its model is of clips, and one of images is needed"))
    // As many classes of other names are others, too.
    let others = try saved.inflated(classNames: ["a", "b", "d"], seed: 3)
    #expect(others.weights["head.weight"]?.shape == [3, 8])
    #expect(others.weights["head.weight"] != saved.weights["head.weight"])
  }

  /// The positions of patches are resampled, those of tokens stay; frames are cut as images were.
  @Test func inflationToAnotherSize() throws {
    var c = ViTConfiguration(.vit, imageSize: 8, patchSize: 4, embedDim: 8, heads: 2)
    (c.depth, c.classes) = (1, 3)
    let model = try VisionTransformer(c)
    var weights = ParameterStore(model, seed: 1)
    let slot = try #require(weights.tree.names.firstIndex(of: "pos_embed"))
    weights[slot: slot] = Tensor([1, 5, 8], (0..<40).map { $0 < 8 ? 7 : 2 })
    var saved = SavedModel(model, weights, classNames: ["a", "b", "c"])
    (saved.cropRatio, saved.interpolation) = (0.75, .bilinear)
    let inflated = try saved.inflated(imageHeight: 12)
    let positions = try #require(inflated.weights["pos_embed"])
    #expect(positions.shape == [1, 7, 8])
    for (place, value) in positions.elements.enumerated() {
      #expect(abs(value - (place < 8 ? 7 : 2)) < 1e-5)
    }
    #expect(inflated.weights["head.weight"] == weights["head.weight"])
    #expect(inflated.cropRatio == 0.75 && inflated.interpolation == .bilinear)
  }

  /// Weights of the authors, which do not say so, were normalised as theirs are; weights that are
  /// not finite begin nothing.
  @Test func theAuthorsWeightsAsAStart() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let saved = try SavedModel(contentsOf: fixture("timesformer/divided"))
    let model = try saved.model(as: TimeSformer.self)
    func notes(_ normalization: ChannelStatistics, _ start: ParameterStore) throws -> [String] {
      try SafetensorsWriter.write(
        zip(start.tree.names, start.values).map {
          OutputTensor(name: $0, shape: $1.shape.sizes, data: $1.elements)
        }, to: path)
      return try SavedModel.finetuned(model, from: path, seed: 0, normalization: normalization)
        .notes
    }
    #expect(
      try notes(.imageNet, saved.weights).contains {
        $0.contains("its inputs were normalised by \(ChannelStatistics.clips), not by")
      })
    #expect(try !notes(.clips, saved.weights).contains { $0.contains("normalised") })
    var broken = saved.weights
    var values = broken[slot: 3].elements
    values[0] = .nan
    broken[slot: 3] = Tensor(broken[slot: 3].shape, values)
    #expect(message { try notes(.clips, broken) }.contains(broken.tree.names[3]))
  }

  /// By how much a still clip differs from its frame has no sign.
  @Test func theDifferenceOfAStillClip() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    var c = ViTConfiguration(.vit, imageSize: 8, patchSize: 4, embedDim: 8, heads: 2)
    (c.depth, c.classes) = (1, 1)
    let image = try VisionTransformer(c)
    let model = try TimeSformer(TimeSformerConfiguration(c, frames: 2, scheme: .joint))
    var found: [Float] = []
    for sign: Float in [1, -1] {
      var weights = ParameterStore(image, seed: 1)
      for (slot, name) in weights.tree.names.enumerated() {
        let factor = (name.hasSuffix("weight") ? 10 : 1) * (name.hasPrefix("head.") ? sign : 1)
        let old = weights[slot: slot]
        weights[slot: slot] = Tensor(old.shape, old.elements.map { factor * $0 })
      }
      try SavedModel(image, weights).write(to: path)
      let notes = try SavedModel.finetuned(model, from: path, seed: 0).notes
      let note = try #require(notes.first { $0.contains("static clip: logits differ by") })
      found += note.split(separator: " ").compactMap { Float($0) }
    }
    #expect(found.count == 2 && found[0] > 1e-3 && found[0] == found[1], "\(found)")
  }
}
