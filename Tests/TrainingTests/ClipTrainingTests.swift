import Autodiff
import ConViT
import Foundation
import Images
import Runs
import Testing
import Training

@testable import Recipes

/// Runs of models of clips.
@Suite struct ClipTrainingTests {
  private func notes(_ c: TrainingConfiguration) throws -> [String] {
    var notes: [String] = []
    try Trainer(c).run { if case .note(let text) = $0 { notes.append(text) } }
    return notes
  }

  private func error(_ c: TrainingConfiguration) -> String {
    do { _ = try Trainer(c) } catch { return "\(error)" }
    return "nothing thrown"
  }

  /// Mixing, erasing, augmentation, repeated augmentation, random frames, accumulation and an
  /// average, stopped within epochs and with other threads.
  @Test func goesOnToTheSameBits() throws {
    let clips = try ClipFolder()
    defer { clips.remove() }
    func configuration(_ run: String) throws -> TrainingConfiguration {
      var c = try clips.configuration(run)
      (c.epochs, c.globalBatchSize, c.modelEma, c.drop, c.resume) = (2, 8, true, 0.1, "auto")
      return c
    }
    try Trainer(configuration("alone")).run()
    for (start, polls) in [1, 3, 2, .max].enumerated() {
      var c = try configuration("stopped")
      (c.threads, c.numWorkers) = (1 + start % 2, start % 2)
      var count = 0
      let trainer = try Trainer(c)
      do {
        try trainer.run { _ in
        } isStopped: {
          count += 1
          return count > polls
        }
        break
      } catch is RunInterrupted {}
    }
    for name in ["model.safetensors", "model_ema.safetensors", "checkpoint.safetensors"] {
      let alone = FileManager.default.contents(atPath: "\(clips.path)/alone/\(name)")
      #expect(alone != nil && alone?.isEmpty == false, "\(name)")
      #expect(FileManager.default.contents(atPath: "\(clips.path)/stopped/\(name)") == alone)
    }
  }

  /// What evaluation needs to know is in the weights, and in checkpoints.
  @Test(arguments: TimeSformerConfiguration.Scheme.allCases)
  func filesSayWhatIsSeen(scheme: TimeSformerConfiguration.Scheme) throws {
    let clips = try ClipFolder(training: 2, validation: 1)
    defer { clips.remove() }
    var c = try clips.configuration()
    (c.attention, c.frameStride, c.frames) = (scheme, 2, 2)
    let trained = try Trainer(c).run()
    for file in ["model", "checkpoint"] {
      let saved = try SavedModel(
        weightsOrCheckpoint: "\(clips.path)/run/\(file).safetensors", as: .init())
      let model = try saved.model(as: TimeSformer.self)
      #expect(model.configuration.scheme == scheme && model.configuration.frames == 2)
      #expect(saved.frameStride == 2 && saved.classNames == ["left", "right"])
      #expect(saved.normalization == ChannelStatistics.clips)
      let reader = try saved.clipReader(DataSettings())
      #expect(reader.sampling == ClipSampling(frames: 2, stride: 2, placement: .middle))
      #expect(saved.weights.values == trained.weights.values)
    }
  }

  /// An image model's weights begin a model of clips, which gives of a static clip what the image
  /// model gives of a frame.
  @Test func startsFromImages() throws {
    let clips = try ClipFolder(training: 2, validation: 1)
    defer { clips.remove() }
    var c = try clips.configuration()
    let image = try VisionTransformer(c.makeModel(classes: 2).image)
    let weights = ParameterStore(image, seed: 5)
    let path = "\(clips.path)/image.safetensors"
    try SavedModel(image, weights, classNames: ["left", "right"], normalization: .clips)
      .write(to: path)
    c.finetune = path
    let plan = try TrainingPlan(c, from: (nil, []))
    let start = try plan.learner().weights
    #expect(start["blocks.1.temporal_attn.proj.weight"] == weights["blocks.1.attn.proj.weight"])
    #expect(start["head.weight"] == weights["head.weight"])
    let note = try #require(plan.notes.first { $0.contains("static clip") })
    let difference = note.split(separator: " ").compactMap { Float($0) }
    #expect(difference.count == 1 && difference[0] < 1e-5, "\(note)")
    #expect(plan.notes.contains { $0.contains("inflated to 3 frames with divided attention") })
    c.attention = .joint
    let joint = try TrainingPlan(c, from: (nil, [])).notes.first { $0.contains("static clip") }
    #expect(joint?.split(separator: " ").compactMap { Float($0) }.first ?? 0 > 1e-5)
    (c.attention, c.depth) = (nil, 1)
    #expect(error(c).contains("the file's model has depth 2, not 1 as asked"))
  }

  /// Clips' weights for other frames and classes.
  @Test func startsFromClips() throws {
    let clips = try ClipFolder(training: 2, validation: 1)
    defer { clips.remove() }
    var c = try clips.configuration()
    let model = try c.makeModel(classes: 2)
    let path = "\(clips.path)/clips.safetensors"
    try SavedModel(
      model, ParameterStore(model, seed: 5), classNames: ["up", "down"], name: nil,
      normalization: .imageNet
    ).write(to: path)
    (c.finetune, c.frames) = (path, 4)
    let plan = try TrainingPlan(c, from: (nil, []))
    let start = try plan.learner().weights
    #expect(start["time_embed"]?.shape == [1, 4, 8])
    let seeded = ParameterStore(try c.makeModel(classes: 2), seed: c.seed)
    #expect(start["head.weight"] == seeded["head.weight"])
    for part in ["from 3 to 4 frames", "classes are others", "normalised by"] {
      #expect(plan.notes.contains { $0.contains(part) }, "\(part)")
    }
    c.attention = .axial
    #expect(error(c).contains("the file's model has divided attention, not axial as asked"))
    c.partial = true
    #expect(error(c) == "nothing thrown")
    let (shaped, note) = try TrainingConfiguration.shapedByWeights { defaults in
      var asked = defaults
      asked.finetune = path
      return asked
    }
    #expect(shaped.frames == 3 && shaped.attention == .divided && shaped.depth == 2)
    #expect(note?.contains("3 frames, divided attention") ?? false)
  }

  /// A teacher of images looks at each frame: what it says is the mean of what it finds probable.
  @Test func learnsFromATeacherOfImages() throws {
    let clips = try ClipFolder(training: 2, validation: 1)
    defer { clips.remove() }
    var c = try clips.configuration()
    let image = try VisionTransformer(c.makeModel(classes: 2).image)
    let weights = ParameterStore(image, seed: 5)
    let path = "\(clips.path)/teacher.safetensors"
    try SavedModel(image, weights, classNames: ["left", "right"], normalization: .imageNet)
      .write(to: path)
    (c.model, c.distillationType, c.teacherPath) = (
      "deit_tiny_distilled_patch16_224", .soft, path
    )
    var random = Random(seed: 2)
    let x = Tensor([2, 3, 3, 8, 8], (0..<1152).map { _ in Float(random.uniform(-1, 1)) })
    let tape = Tape(weights, .inference)
    let shares = image(tape.constant(x.reshaped([6, 3, 8, 8]))).softmax().value
    let model = AveragedViews(image, views: 3)
    #expect(model.input == [3, 3, 8, 8])
    let logits = model(Tape(weights, .inference).constant(x)).value
    for clip in 0..<2 {
      for place in 0..<2 {
        let mean = (0..<3).reduce(0) { $0 + shares[3 * clip + $1, place] } / 3
        #expect(abs(exp(logits[clip, place]) - mean) < 1e-6)
      }
    }
    try Trainer(c).run()
    c.distillAverage = nil
    let student = try c.makeModel(classes: 2)
    var sink: [String] = []
    let teacher = try #require(try c.teacher(of: student, ["left", "right"], &sink))
    let objective = try #require(
      try c.recipe(for: student, teacher: teacher).objective as? Distillation)
    #expect(objective.teacher.input == student.input)
    c.teacherPath = "\(clips.path)/run/model.safetensors"
    (c.frames, c.outputDir) = (2, "\(clips.path)/other")
    #expect(error(c).contains("a teacher is of images, or of clips of as many frames"))
  }

  @Test func shortClipsAreCountedOnce() throws {
    let clips = try ClipFolder(training: 3, validation: 1, short: 1)
    defer { clips.remove() }
    var c = try clips.configuration()
    (c.epochs, c.repeatedAug) = (2, false)
    let notes = try notes(c).filter { $0.contains("fewer frames") }
    #expect(
      notes == [
        "\(clips.path)/train: 2 of the 6 clips that were read have fewer frames than a span "
          + "(--frames × --frame-stride): the last one is repeated"
      ])
  }

  /// The two forms of lists, and a table.
  @Test func lists() throws {
    let clips = try ClipFolder(training: 2, validation: 1)
    defer { clips.remove() }
    func write(_ name: String, _ lines: [String]) throws {
      try lines.joined(separator: "\n").write(
        toFile: "\(clips.path)/\(name)", atomically: true, encoding: .utf8)
    }
    let train = ["train/left/0", "train/right/0", "train/right/1"]
    try write("a.txt", zip(train, [0, 1, 1]).map { "\($0) \($1)" })
    try write("b.txt", ["val/left/0 4 0", "val/right/0 4 1"])
    try write("c.csv", zip(train, [0, 1, 1]).map { "\($0) \($1)" })
    try write(
      "d.csv",
      ["path,label,split", "train/left/0,l,train", "train/right/0,r,train", "val/left/0,l,val"])
    for (list, other, expected) in [
      ("a.txt", "b.txt", [3, 2]), ("c.csv", "b.txt", [3, 2]), ("d.csv", nil, [2, 1]),
    ] {
      var data = DataSettings()
      data.dataPath = "\(clips.path)/\(list)"
      data.valPath = other.map { "\(clips.path)/\($0)" }
      try data.validate()
      let found = try TrainingData(data, of: .clips, seed: 0)
      #expect([found.training, found.validation].map(\.samples.count) == expected)
      #expect(found.training.kind == .clips && found.validation.kind == .clips)
      #expect(found.training.classes == (other == nil ? ["l", "r"] : ["0", "1"]))
    }
    var c = try clips.configuration()
    (c.dataPath, c.valPath) = ("\(clips.path)/a.txt", "\(clips.path)/b.txt")
    try Trainer(c).run()
    (c.valPath, c.outputDir) = (nil, "\(clips.path)/other")
    #expect(error(c).contains("a.txt: it does not say what to validate on; --val-path names"))
    c.valFraction = 0.4
    #expect(try TrainingData(c.data, of: .clips, seed: 0).validation.samples.count == 1)
    (c.model, c.frames, c.localUpToLayer) = ("vit_tiny_patch16_224", nil, nil)
    #expect(error(c).contains("a.txt: a text file lists clips, which models of images do not take"))
  }

  @Test func settingsOfTheOtherKindHaveNoUse() throws {
    let clips = try ClipFolder(training: 2, validation: 1)
    defer { clips.remove() }
    var images = try clips.configuration()
    (images.model, images.frames) = ("vit_tiny_patch16_224", nil)
    func expect(
      _ base: TrainingConfiguration, _ part: String,
      _ change: (inout TrainingConfiguration) -> Void
    ) {
      var c = base
      change(&c)
      #expect(error(c).contains(part), "\(error(c))")
    }
    expect(images, "attention is for models of clips: frames makes one") { $0.attention = .joint }
    expect(images, "frame-stride is for models of clips") { $0.frameStride = 2 }
    expect(images, "train-placement is for models of clips") { $0.trainPlacement = .first }
    expect(images, "eval-placement is for models of clips") { $0.evalPlacement = .first }
    expect(images, "max-frames is for models of clips") { $0.maxFrames = 9 }
    expect(images, "max-seconds is for models of clips") { $0.maxSeconds = 9 }
    let ours = try clips.configuration()
    expect(ours, "locality-every measures models of images") { $0.localityEvery = 1 }
    expect(ours, "data-set CIFAR10 is of images") { $0.dataSet = .cifar10 }
    expect(ours, "the frames must be 1 to 1024") { $0.frames = 2000 }
    expect(ours, "Did you mean 'timesformer_tiny_patch16_224'?") {
      $0.model = "timesformer_tinny_patch16_224"
    }
    expect(ours, "its attention is space or divided, not joint") {
      ($0.model, $0.attention) = ("convit_tiny", .joint)
    }
  }

  /// A folder of one kind for a model of the other.
  @Test func theOtherKindOfData() throws {
    let clips = try ClipFolder(training: 2, validation: 1)
    defer { clips.remove() }
    var c = try clips.configuration()
    c.dataPath = "\(clips.path)/train"
    (c.trainSplit, c.valSplit) = ("left", "right")
    #expect(
      error(c).contains(
        "no clips in classes 0, 1; files that are not read: .png 8; images are for models of "
          + "images, such as vit_tiny_patch16_224; the frames of a clip lie in a folder of its "
          + "own"),
      "\(error(c))")
    for split in ["train", "val"] {
      let folder = "\(clips.path)/gifs/\(split)/a"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      FileManager.default.createFile(atPath: "\(folder)/a.gif", contents: Data("GIF89a".utf8))
    }
    (c.dataPath, c.trainSplit, c.valSplit) = ("\(clips.path)/gifs", nil, nil)
    (c.model, c.frames) = ("vit_tiny_patch16_224", nil)
    #expect(
      error(c).contains("clips are for models of clips, such as timesformer_tiny_patch16_224"),
      "\(error(c))")
  }
}
