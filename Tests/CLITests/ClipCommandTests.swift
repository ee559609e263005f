import Foundation
import Testing

/// `convit train`, `evaluate` and `predict` with clips.
@Suite struct ClipCommandTests {
  private let workspace: Workspace

  init() throws {
    workspace = try Workspace()
    try workspace.writeClips()
  }

  private func train(_ arguments: [String] = []) throws -> Outcome {
    try workspace.trainOnClips(arguments)
  }

  @Test func trainsEvaluatesAndPredicts() throws {
    let trained = try train()
    #expect(trained.status == 0, "\(trained.err)")
    for part in [
      ", 3 × 3 patches, 2 frames, divided attention", "data: 6 clips to train on, 4 to test on",
      "steps on 6 clips, ",
    ] {
      #expect(trained.err.contains(part), "\(trained.err)")
    }
    let weights = ["--weights", "run/model.safetensors"]
    let one = try workspace.convit(["evaluate", "--data-path", "clips"] + weights)
    #expect(one.status == 0 && one.err.hasSuffix("4 clips, 2 frames at a stride of 2\n"))
    let more = try workspace.convit(
      ["evaluate", "--data-path", "clips", "--clips", "2", "--crops", "3", "--output-dir", "page"]
        + weights)
    #expect(
      more.err.hasSuffix("4 clips, 2 spans of 2 frames at a stride of 2, 3 crops\n"),
      "\(more.err)")
    #expect(more.out.hasPrefix("* Acc@1 "))
    #expect(try workspace.listing().contains("page/evaluation.html"))
    let clip = "clips/val/down/0"
    let predicted = try workspace.convit(["predict", clip, "--topk", "1"] + weights)
    #expect(predicted.status == 0 && predicted.err.isEmpty, "\(predicted.err)")
    #expect(predicted.outLines.first == clip && predicted.outLines.count == 2)
    func loss(_ arguments: [String]) throws -> Double? {
      let outcome = try workspace.convit(
        ["evaluate", "--data-path", "clips", "--json", "--frame-stride", "1"] + weights + arguments)
      return try outcome.out.firstMatch(of: /"loss": ([0-9.]+)/).flatMap { Double($0.1) }
    }
    // They begin with frame 1, frames 0 and 1, and frame 0.
    let losses = try [[], ["--clips", "2"], ["--eval-placement", "first"]].map(loss)
    #expect(Set(losses).count == 3 && !losses.contains(nil), "\(losses)")
    let short = try workspace.convit(
      ["predict", clip, "clips/no.gif", "--frames", "8"] + weights)
    #expect(short.status == 1)
    #expect(
      short.errLines == [
        "note: run/model.safetensors: time embedding resized from 2 to 8 frames",
        "note: \(clip): 5 frames, of which 3 make 8 at a stride of 2: the last one is repeated",
        "convit: clips/no.gif: cannot open: No such file or directory",
      ])
  }

  /// As many frames as one likes: the time embedding is resized.
  @Test func otherFrames() throws {
    _ = try train()
    let other = try workspace.convit([
      "evaluate", "--data-path", "clips", "--weights", "run/model.safetensors", "--frames", "3",
      "--frame-stride", "1", "--eval-placement", "first", "--json",
    ])
    #expect(other.status == 0 && other.out.contains(#""images": 4"#), "\(other.err)")
    #expect(other.err.contains("time embedding resized from 2 to 3 frames"))
  }

  /// Frames that are taken for images, of which a part is held out, lie on both sides.
  @Test func framesAsImages() throws {
    let note =
      "note: clips/train: 30 of 30 images are numbered in 6 folders, as the frames of clips are"
    let divided = try workspace.convit(["verify", "clips/train", "--val-fraction", "0.2"])
    #expect(divided.outLines.last?.hasPrefix(note) == true, "\(divided.out)")
    #expect(try !workspace.convit(["verify", "clips"]).out.contains("are numbered in"))
  }

  @Test func badClipsAreThoseOfImages() throws {
    try workspace.write("clips/train/up/bad/0.png", Array("no image".utf8))
    let stopped = try train(["--output-dir", "first", "--no-repeated-aug"])
    #expect(stopped.status == 1)
    #expect(stopped.errLines.last?.hasPrefix("convit: clips/train/up/bad: ") ?? false)
    #expect(stopped.errLines.last?.hasSuffix("(--on-bad-image skip leaves it out)") ?? false)
    let skipped = try train(["--on-bad-image", "skip", "--max-bad", "1", "--no-repeated-aug"])
    #expect(skipped.status == 0, "\(skipped.err)")
    #expect(skipped.err.contains("note: skipped: clips/train/up/bad: clips/train/up/bad/0.png: "))
    #expect(skipped.err.contains("more than 1 % of its 7 clips cannot be read"))
  }

  @Test func usage() throws {
    _ = try train()
    let clips = ["--weights", "run/model.safetensors", "--data-path", "clips"]
    for (arguments, part) in [
      (clips + ["--crops", "2"], "crops must be 1 or 3, found 2"),
      (clips + ["--clips", "2", "--eval-placement", "first"], "two ways to choose where frames"),
      (clips + ["--crops", "3", "--eval-crop-ratio", "0.9"], "eval-crop-ratio is for one crop"),
      (clips + ["--clips", "0"], "clips must be 1 to 1000, found 0"),
      (clips + ["--average", "hflip"], "images"),
      (
        clips + ["--clips", "1000", "--frames", "1024"],
        "1000 views of 1024 frames of 12 × 12 pixels take 1687 MB a clip"
      ),
    ] {
      try workspace.expectFailure(
        ["evaluate"] + arguments, status: 2, [part], begun: arguments.contains("--frames"))
    }
    let image = try workspace.convit(
      ["train", "--data-path", "data", "--output-dir", "images"] + Workspace.tiny)
    #expect(image.status == 0)
    for (command, path) in [("evaluate", ["--data-path", "data"]), ("predict", ["x.png"])] {
      try workspace.expectFailure(
        [command, "--weights", "images/model.safetensors", "--clips", "2"] + path, status: 2,
        ["clips is for models of clips, and the weights are of images"])
    }
    for (flag, value) in [
      ("frame-stride", "2"), ("eval-placement", "first"), ("crops", "3"), ("max-frames", "9"),
      ("max-seconds", "9"),
    ] {
      try workspace.expectFailure(
        ["predict", "x.png", "--weights", "images/model.safetensors", "--\(flag)", value],
        status: 2, ["\(flag) is for models of clips, and the weights are of images"])
    }
    try workspace.expectFailure(
      ["evaluate", "--max-frames", "4"] + clips, ["more frames than the limit of 4"])
  }
}
