import Autodiff
import Foundation
import Recipes
import Runs
import Safetensors
import Testing
import Training

/// Checkpoints that are damaged, or not of the run that asks for them.
@Suite struct CheckpointTests {
  private let fixture: TrainingFixture
  private let base: TrainingConfiguration
  private let path: String

  /// A run that was stopped after step 3, with a checkpoint after step 2 as well.
  init() throws {
    fixture = try TrainingFixture()
    var c = try fixture.smallConfiguration()
    (c.epochs, c.saveEverySteps) = (3, 2)
    var polls = 0
    let interruption = #expect(throws: RunInterrupted.self) {
      try Trainer(c).run {
        _ in
      } isStopped: {
        polls += 1
        return polls > 3
      }
    }
    #expect(interruption?.progress.step == 3 && interruption?.place.step == 3)
    (c.resume, c.saveEverySteps) = ("auto", nil)
    base = c
    path = fixture.folder + "/run/checkpoint.safetensors"
  }

  /// The error of a run that is to resume.
  private func refusal(
    _ change: (inout TrainingConfiguration) -> Void = { _ in }
  ) -> String {
    var c = base
    change(&c)
    do {
      try Trainer(c).run()
      return "none"
    } catch {
      return "\(error)".replacing(fixture.folder + "/", with: "")
    }
  }

  @Test func whatItHolds() throws {
    let checkpoint = try Checkpoint(contentsOf: path)
    #expect(checkpoint.progress.epoch == 0 && checkpoint.progress.step == 3)
    #expect(checkpoint.progress.images == 96 && checkpoint.progress.best == -.infinity)
    let steps: [StepRecord] = try fixture.lines("steps.jsonl")
    #expect(checkpoint.progress.lossSum == steps.reduce(0) { $0 + $1.loss * 32 })
    #expect(checkpoint.configuration.heads == 4 && checkpoint.configuration.outputDir == nil)
    #expect(checkpoint.data.classNames == (0..<10).map(String.init))
    #expect(checkpoint.data.train.reduce(0) { $0 + $1.images } == 256)
    let file = try SafetensorsFile(contentsOf: path)
    #expect(try file.integers("optimizer.step") == [3])
    #expect(file.info("optimizer.exp_avg_sq.blocks.0.attn.gating_param")?.shape == [4])
  }

  @Test func truncatedAnywhere() throws {
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    let header = 8 + whole.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let lengths = Array(0..<20) + Array(stride(from: 20, to: header, by: 97))
    for length in lengths + [header - 1, header, header + 8, whole.count - 1] {
      try whole.prefix(length).write(to: URL(fileURLWithPath: path))
      #expect(throws: (any Error).self, "\(length) bytes") { try Checkpoint(contentsOf: path) }
    }
    // The folder's name asks for the latest; auto says what it takes instead.
    let named = refusal { $0.resume = fixture.folder + "/run" }
    #expect(named.hasPrefix("run/checkpoint.safetensors: tensor '"))
    #expect(named.contains("truncated?"))
    #expect(
      named.hasSuffix("--resume run/checkpoint.previous.safetensors resumes from the one before"))
    var (notes, first): ([String], Trainer.Summary?) = ([], nil)
    try Trainer(base).run {
      if case .note(let text) = $0 { notes.append(text) }
      if case .started(let summary) = $0 { first = summary }
    }
    #expect(notes.count == 1 && notes[0].contains("resuming from the checkpoint before, "))
    #expect(first?.progress.step == 2)
    #expect(try Checkpoint(contentsOf: path).progress.epoch == 3)

    for name in ["checkpoint", "checkpoint.previous"] {
      try Data("x".utf8).write(to: fixture.file("run/\(name).safetensors"))
    }
    #expect(refusal().hasPrefix("run/checkpoint.safetensors: not a safetensors file"))
  }

  @Test func otherSettings() throws {
    #expect(
      refusal { ($0.lr, $0.seed, $0.clipGrad) = (0.25, 3, 1) }
        == "run/checkpoint.safetensors: the run began with other settings: lr is 0.25 instead of "
        + "0.001, clip-grad is 1 instead of left out, seed is 3 instead of 0")
    #expect(refusal { $0.optBetas = [0.8, 0.9] }.contains("opt-betas is 0.8 0.9 instead of "))
    #expect(
      refusal {
        $0.outputDir = fixture.folder + "/a"; $0.resume = path
      }.contains(
        "a run resumes in its own folder"))
    #expect(refusal { $0.resume = fixture.folder + "/none" } == "none: no such run or checkpoint")
    #expect(refusal { $0.resume = fixture.folder }.contains("no checkpoint in this folder"))
    #expect(refusal { ($0.resume, $0.outputDir) = ("auto", nil) }.contains("output-dir is missing"))
    #expect(
      refusal { ($0.resume, $0.allowNonfinite) = (nil, true) }.contains("that is resumed"))
    // These do not decide about results, and the images may be elsewhere.
    try FileManager.default.moveItem(
      atPath: fixture.folder + "/images", toPath: fixture.folder + "/moved")
    #expect(
      refusal {
        ($0.threads, $0.numWorkers, $0.logEvery, $0.saveEverySteps) = (3, 0, 7, 5)
        ($0.recompute, $0.dataPath) = (true, fixture.folder + "/moved")
      } == "none")
    #expect(
      refusal { ($0.epochs, $0.dataPath) = (2, fixture.folder + "/moved") }
        == "run/checkpoint.safetensors: epochs is 2, but the run has begun epoch 3")
  }

  @Test func otherImages() throws {
    let images = fixture.folder + "/images/train/3"
    let first = try #require(try FileManager.default.contentsOfDirectory(atPath: images).min())
    try FileManager.default.moveItem(atPath: "\(images)/\(first)", toPath: "\(images)/0.png")
    #expect(
      refusal() == "run/checkpoint.safetensors: the run began with other images: train: images of "
        + "class '3' have other names; --allow-other-data resumes all the same")
    try FileManager.default.removeItem(atPath: "\(images)/0.png")
    #expect(refusal().contains("train: class '3' has "))
    #expect(refusal { ($0.allowOtherData, $0.epochs) = (true, 3) } == "none")
    try FileManager.default.moveItem(
      atPath: fixture.folder + "/images/train/3", toPath: fixture.folder + "/images/train/x")
    try FileManager.default.moveItem(
      atPath: fixture.folder + "/images/val/3", toPath: fixture.folder + "/images/val/x")
    let classes = refusal { $0.allowOtherData = true }
    #expect(
      classes.contains("began with other classes: train: class '3' is gone, train: class 'x'"))
  }

  /// Writes the checkpoint again with a change.
  private func rewrite(
    _ change: (inout [String: String], inout [String: OutputTensor]) -> Void
  ) throws {
    let file = try SafetensorsFile(contentsOf: path)
    var (metadata, tensors) = (file.metadata, [String: OutputTensor]())
    for info in file.tensors {
      tensors[info.name] = OutputTensor(
        name: info.name, type: info.type, shape: info.shape, bytes: try file.bytes(info.name))
    }
    change(&metadata, &tensors)
    try SafetensorsWriter.write(Array(tensors.values), metadata: metadata, to: path)
  }

  @Test func otherFormats() throws {
    let file = "run/checkpoint.safetensors: "
    try rewrite { metadata, _ in metadata["format_version"] = "3" }
    #expect(refusal { $0.resume = path } == file + "format version 3, this package reads up to 2")
    try rewrite { metadata, _ in
      (metadata["format_version"], metadata["library_version"]) = ("1", "0.0.9")
    }
    var notes: [String] = []
    let stop = #expect(throws: CancellationError.self) {
      try Trainer(base).run {
        if case .note(let text) = $0 { notes.append(text) } else { throw CancellationError() }
      }
    }
    #expect(stop != nil && notes.first?.contains("is of version 0.0.9, this is ") == true)
    try rewrite { _, tensors in tensors["optimizer.exp_avg.norm.bias"] = nil }
    #expect(refusal() == file + "no tensor 'optimizer.exp_avg.norm.bias' of [16]")
    try rewrite { metadata, _ in metadata["data"] = "[]" }
    #expect(refusal { $0.resume = path } == file + "the metadata entry 'data' is not as expected")
    try rewrite { metadata, _ in metadata["format"] = "pt" }
    #expect(refusal { $0.resume = path }.hasPrefix(file + "not a checkpoint of a run"))
  }

  @Test func numbersThatAreNotFinite() throws {
    try rewrite { _, tensors in
      tensors["model.norm.bias"] = OutputTensor(
        name: "model.norm.bias", shape: [16], data: [.nan] + Array(repeating: 0, count: 15))
    }
    #expect(
      refusal() == "run/checkpoint.safetensors: not all numbers are finite in model.norm.bias; "
        + "--allow-nonfinite resumes all the same")
    #expect(refusal { $0.allowNonfinite = true }.contains("training has diverged"))
  }
}
