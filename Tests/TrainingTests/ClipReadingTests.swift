import Autodiff
import ConViT
import Foundation
import Images
import Testing
import Training

@testable import Recipes

/// How runs and weights say that clips are read.
@Suite struct ClipReadingTests {
  private func saved(_ clips: ClipFolder) throws -> SavedModel {
    var c = try clips.configuration()
    (c.inputSize, c.patchSize) = (InputSize("36")!, 12)  // up to 32 pixels there is no margin
    let model = try c.makeModel(classes: 2)
    return SavedModel(
      model, ParameterStore(model, seed: 5), classNames: ["left", "right"], name: nil,
      normalization: .clips)
  }

  private func message(_ body: () throws -> some Any) -> String {
    do { _ = try body() } catch { return "\(error)" }
    return "nothing thrown"
  }

  @Test func settingsSayWhichFramesAreSeen() throws {
    let clips = try ClipFolder(training: 1, validation: 1)
    defer { clips.remove() }
    var c = try clips.configuration()
    let model = try c.makeModel(classes: 2)
    for (train, evaluation) in [
      (DataSettings.Placement.random, DataSettings.FixedPlacement.middle), (.first, .middle),
      (.middle, .first),
    ] {
      (c.trainPlacement, c.evalPlacement, c.frameStride) = (train, evaluation, 2)
      let readers = try c.readers(of: model)
      for (reader, placement) in [
        (readers.training, train.ofSampling), (readers.evaluation, evaluation.ofSampling),
      ] {
        #expect(
          (reader as? ClipReader)?.sampling
            == ClipSampling(frames: 3, stride: 2, placement: placement))
      }
    }
    (c.maxFrames, c.maxSeconds) = (7, 8)
    let limits = try #require(c.readers(of: model).training as? ClipReader).decoder
    #expect(limits.maxFrames == 7 && limits.maxSeconds == 8)
  }

  /// What is asked for comes before what the file says.
  @Test func weightsSayHowClipsAreRead() throws {
    let clips = try ClipFolder(training: 1, validation: 1)
    defer { clips.remove() }
    var saved = try saved(clips)
    let settings = DataSettings()
    #expect(try saved.clipReader(settings).sampling.stride == 1)
    saved.frameStride = 2
    #expect(try saved.clipReader(settings).sampling.stride == 2)
    #expect(try saved.clipReader(settings, stride: 3).sampling.stride == 3)
    for resampling in [Resampling.bicubic, .bilinear] {
      saved.interpolation = resampling == .bilinear ? .bilinear : nil
      let crops = try saved.clipReader(settings, crops: 3).crops
      #expect(
        crops.compactMap { $0 as? SideCrop }
          == SideCrop.all(size: saved.imageSize, resampling: resampling))
    }
    let image = ImageSize(height: 60, width: 50)
    for ratio in [0.5, 1] {
      let found = try saved.clipReader(settings, cropRatio: ratio).crops[0]
      let expected = saved.evaluationTransform(cropRatio: ratio)
      #expect(
        found.geometry(of: image, random: Random(seed: 0))
          == expected.geometry(of: image, random: Random(seed: 0)))
    }
  }

  /// A run that starts from weights of clips sees frames as far apart; a checkpoint has as many
  /// frames as its run.
  @Test func whatFilesSayOfFrames() throws {
    let clips = try ClipFolder(training: 1, validation: 1)
    defer { clips.remove() }
    var saved = try saved(clips)
    saved.frameStride = 4
    let path = "\(clips.path)/start.safetensors"
    try saved.write(to: path)
    let (shaped, _) = try TrainingConfiguration.shapedByWeights { defaults in
      var asked = defaults
      asked.finetune = path
      return asked
    }
    #expect(shaped.frameStride == 4 && shaped.frames == 3)
    try Trainer(clips.configuration()).run()
    let checkpoint = "\(clips.path)/run/checkpoint.safetensors"
    #expect(
      message { try SavedModel(weightsOrCheckpoint: checkpoint, as: .init(frames: 5)) }
        .contains("the checkpoint's frames is 3, not 5"))
    _ = try SavedModel(weightsOrCheckpoint: checkpoint, as: .init(frames: 3))
  }

  /// Weights are called by the preset, if they are of its shape.
  @Test func weightsHaveTheNameOfThePreset() throws {
    let clips = try ClipFolder(training: 1, validation: 1)
    defer { clips.remove() }
    var c = try clips.configuration()
    func name() throws -> String? {
      let plan = try TrainingPlan(c, from: (nil, []))
      return plan.saved(try plan.learner().weights, nil).name
    }
    #expect(try name() == nil)
    (c.heads, c.headDim, c.depth) = (nil, nil, nil)
    #expect(try name() == "timesformer_tiny_patch16_224")
  }

  /// A teacher of images sees the frames as its student does.
  @Test func aTeacherOfOtherInputs() throws {
    let clips = try ClipFolder(training: 1, validation: 1)
    defer { clips.remove() }
    var c = try clips.configuration()
    let image = try VisionTransformer(c.makeModel(classes: 2).image)
    let path = "\(clips.path)/teacher.safetensors"
    try SavedModel(
      image, ParameterStore(image, seed: 5), classNames: ["left", "right"], normalization: .clips
    ).write(to: path)
    (c.model, c.distillationType, c.teacherPath) = (
      "deit_tiny_distilled_patch16_224", .soft, path
    )
    #expect(message { try Trainer(c) }.contains("--mean and --std must be the teacher's"))
    (c.mean, c.std) = ([0.45], [0.225])
    #expect(message { try Trainer(c) } == "nothing thrown")
  }

  /// Frames of clips in a list belong to what is trained on.
  @Test func framesBelongToTheirSplit() throws {
    let clips = try ClipFolder(training: 2, validation: 1)
    defer { clips.remove() }
    try "path,label,split\ntrain/left/0,l,train\ntrain/right/1,r,train\nval/left/0,l,val\n"
      .write(toFile: "\(clips.path)/list.csv", atomically: true, encoding: .utf8)
    var data = DataSettings()
    data.dataPath = "\(clips.path)/list.csv"
    let preview = TrainingPreview(data, of: .clips)
    let train = try #require(preview.train)
    #expect(train.contains("\(clips.path)/train/left/0/3.png"))
    #expect(train.contains("\(clips.path)/train/right/1"))
    #expect(!train.contains("\(clips.path)/train/left/1/3.png"))
    #expect(!train.contains("\(clips.path)/val/left/0/3.png"))
  }
}
