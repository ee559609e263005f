import Foundation
import Testing

/// Folders that are laid out in another way: `train`, `evaluate`, `locality` and `verify` agree.
@Suite struct FolderLayoutTests {
  private let workspace: Workspace

  /// `data/Training` and `data/valid`.
  init() throws {
    workspace = try Workspace()
    try move("data/train", "data/Training")
    try move("data/val", "data/valid")
  }

  private func move(_ from: String, _ to: String) throws {
    try FileManager.default.moveItem(atPath: workspace.file(from), toPath: workspace.file(to))
  }

  private func verified(_ arguments: [String] = []) throws -> [String] {
    Array(
      try workspace.convit(["verify", "data"] + arguments).outLines
        .drop { !$0.hasPrefix("convit train") })
  }

  @Test func splitsOfOtherNames() throws {
    let trained = try workspace.train("run")
    let notes = [("train", "Training"), ("val", "valid")].map { split, name in
      "note: data: there is no folder \(split): \(name) is used instead "
        + "(--\(split)-split chooses another)"
    }
    #expect(Array(trained.errLines.prefix(2)) == notes)
    #expect(trained.err.contains("data: 24 images to train on, 9 to test on, 3 classes"))
    #expect(
      try verified() == [
        "convit train would train on data/Training (24 images of 3 classes) and validate on "
          + "data/valid (9 images)"
      ] + notes)
    // Named, they are the same images, and the model the same.
    let told = ["--train-split", "Training", "--val-split", "valid"]
    let named = try workspace.train("named", told)
    #expect(!named.err.contains("no folder"))
    #expect(try verified(told).count == 1)
    #expect(
      try workspace.read("named/model.safetensors") == workspace.read("run/model.safetensors"))
    // A run resumes whether they are named or found.
    for flags in [told, []] {
      let resumed = try workspace.convit(["train", "--resume", "run", "--epochs", "1"] + flags)
      #expect(resumed.status == 0 && resumed.err.contains("the run has ended"), "\(resumed.err)")
    }
  }

  @Test func measuring() throws {
    let model = try TrainedModel.workspace.get().file("run/model.safetensors")
    let evaluate = ["evaluate", "--weights", model, "--data-path", "data", "--json"]
    let found = try workspace.convit(evaluate)
    #expect(found.status == 0 && found.err.contains("no folder val: valid is used instead"))
    for flags in [["--split", "valid"], ["--val-split", "valid"]] {
      let outcome = try workspace.convit(evaluate + flags)
      #expect(outcome.out == found.out && !outcome.err.contains("no folder"))
    }
    let training = try workspace.convit(evaluate + ["--split", "train"])
    #expect(training.out.contains(#""images": 24"#))
    let locality = ["locality", "--weights", model, "--data-path", "data", "--output-dir", "out"]
    let measured = try workspace.convit(locality)
    #expect(measured.status == 0 && measured.err.contains("9 images; wrote"))
    try workspace.expectFailure(
      evaluate + ["--val-split", "valid", "--split", "Training"], status: 2,
      ["val-split and split are two ways"])
    try workspace.expectFailure(
      evaluate + ["--train-split", "Training"], status: 2,
      ["train-split is for --val-fraction or --split train"])
    let inside = Array(evaluate.dropLast(2)) + ["data/valid", "--json"]
    try workspace.expectFailure(inside, ["no folder val beside ant, bee, cow", "--split . takes"])
    #expect(try workspace.convit(inside + ["--split", "."]).out == found.out)
    try workspace.remove("data/valid")
    try workspace.expectFailure(
      evaluate, ["data: no folder val beside Training", "--val-fraction 0.1 holds out"])
  }

  @Test func whatVerifySaysOfTraining() throws {
    try move("data/valid", "valid")
    let missing =
      "data: no folder val beside Training: expected val/<class>/<image>; --val-fraction"
    #expect(try verified().first?.hasPrefix("convit train would not begin: \(missing)") == true)
    try workspace.expectTrainFailure([], [missing])
    #expect(
      try verified(["--val-fraction", "0.25"]).first
        == "convit train would train on data/Training (18 images of 3 classes) and validate on the "
        + "rest of it (6 images)")
    try move("valid", "data/Training/bee/valid")
    try move("data/Training", "data/train")
    try move("data/train/bee/valid", "data/val")
    try workspace.write("data/train/ant/x.bmp", "BM".utf8)
    try workspace.write("data/train/ant/y.png", "no image".utf8)
    let outcome = try workspace.convit(["verify", "data", "--json"])
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(outcome.out.utf8)) as? [String: Any])
    let train = try #require(object["train"] as? [String: Any])
    let split = try #require(train["train"] as? [String: Any])
    #expect(outcome.status == 1 && train["classes"] as? Int == 3 && object["images"] as? Int == 33)
    #expect(split["folder"] as? String == "data/train" && split["images"] as? Int == 25)
    #expect((train["notes"] as? [String])?.first?.contains("1 of 10 files of class ant") == true)
    #expect(
      try verified().dropFirst().first?.hasPrefix(
        "it would stop at the bad image; with --on-bad-image skip it") == true)
  }

  /// Two spellings of an accent are two classes, in weights and checkpoints as well.
  @Test func classesInTwoUnicodeForms() throws {
    for split in ["Training", "valid"] {
      try move("data/\(split)/ant", "data/\(split)/Caf\u{E9}")
      try move("data/\(split)/bee", "data/\(split)/Cafe\u{301}")
    }
    try workspace.remove("data/Training/Caf\u{E9}/0.png")
    let trained = try workspace.train("run")
    #expect(trained.err.contains("(one of them in another Unicode form)"))
    let resumed = try workspace.convit(["train", "--resume", "run"])
    #expect(resumed.status == 0 && resumed.err.contains("the run has ended"), "\(resumed.err)")
    let outcome = try workspace.convit(
      ["evaluate", "--weights", "run/model.safetensors", "--data-path", "data"])
    #expect(outcome.status == 0, "\(outcome.err)")
  }

  /// Names of images that nobody would give are read as any.
  @Test func imagesOfAnyName() throws {
    for (index, name) in ["x", "x.jfif", "x.dat"].enumerated() {
      try move("data/Training/ant/\(index).png", "data/Training/ant/\(name)")
    }
    try workspace.write("data/Training/@eaDir/thumb.png", "no image".utf8)
    try workspace.write("data/Training/ant/@eaDir/0.png", "no image".utf8)
    let outcome = try workspace.train("run")
    #expect(outcome.err.contains("data: 24 images to train on, 9 to test on, 3 classes"))
    #expect(
      try workspace.convit(["verify", "data"]).outLines.first == "33 images are sound, 0 are bad")
  }

  /// Blanks that nobody sees, and words in the plural.
  @Test func namesAndNumbersAsTheyAreRead() throws {
    let model = try TrainedModel.workspace.get().file("run/model.safetensors")
    try move("data/valid/bee", "data/valid/bee ")
    try workspace.expectFailure(
      ["evaluate", "--weights", model, "--data-path", "data/"],
      ["data/valid: 1 class not in the model's classes: 'bee '; did you mean 'bee'?"])
    let outcome = try workspace.convit(["verify", "data/valid/bee /"])
    #expect(outcome.outLines.first == "3 images are sound, 0 are bad")
    try workspace.remove("data/valid/bee /0.png")
    let several = try workspace.convit(["verify", "data/"])
    #expect(several.out.contains("3, with 2 ('bee ') to 3") && !several.out.contains("data//"))
    for path in ["valid", "Training/ant", "Training/bee"] { try workspace.remove("data/\(path)") }
    let one = try workspace.convit(["verify", "data"])
    #expect(one.out.contains("1, cow, with 8 images"), "\(one.out)")
  }
}
