import Foundation
import Testing

/// Which images a run is for: shares of a folder, parts held out, other layouts.
@Suite struct DataChoiceTests {
  private let workspace: Workspace

  init() throws { workspace = try Workspace() }

  private func config(_ run: String = "run") throws -> String {
    String(decoding: try workspace.read("\(run)/config.yaml"), as: UTF8.self)
  }

  @Test func anEpochSaysWhatItVisits() throws {
    let plain = try workspace.train("run")
    #expect(plain.err.contains("training: 1 epoch of 6 steps on 24 images, learning rate"))
    let repeated = try workspace.train("repeated", ["--repeated-aug"])
    #expect(repeated.err.contains("of 6 steps on 24 images, 8 different ones, learning rate"))
  }

  @Test func aShareOfTheImagesForMoreEpochs() throws {
    let outcome = try workspace.train("run", ["--sampling-ratio", "0.5", "--scale-epochs"])
    #expect(outcome.err.contains("data: 12 images to train on, 9 to test on, 3 classes"))
    #expect(outcome.err.contains("training: 2 epochs of 3 steps on 12 images"))
    let ended = try workspace.convit(["train", "--resume", "run"])
    #expect(ended.status == 0 && ended.err.contains("the run has ended, after 2 epochs"))
    // What is written down asks for the same run.
    #expect(try config().contains("epochs: 1\n") && config().contains("scale-epochs: true\n"))
    try workspace.train("again", ["--config", "run/config.yaml"])
    #expect(
      try workspace.read("again/model.safetensors") == workspace.read("run/model.safetensors"))
    try workspace.train("first", ["--sampling-ratio", "0.5", "--sampling-first", "--epochs", "2"])
    #expect(
      try workspace.read("first/model.safetensors") != workspace.read("run/model.safetensors"))
    try workspace.expectTrainFailure(
      ["--output-dir", "new", "--sampling-ratio", "0.1", "--sampling-first"],
      ["data/train: 0.1 of the 8 images of class ant is none"])
  }

  @Test func validationFromOneFolder() throws {
    let flags = ["--val-fraction", "0.25", "--seed", "3"]
    try workspace.expectTrainFailure(
      flags, status: 2, ["val-fraction is for data without val/, and data has one"])
    let inside = try workspace.train("run", ["--data-path", "data/train"] + flags)
    #expect(inside.err.contains("data: 18 images to train on, 6 to test on, 3 classes"))
    try workspace.remove("data/val")
    try workspace.train("other", flags)
    #expect(
      try workspace.read("other/model.safetensors") == workspace.read("run/model.safetensors"))
    // The same images are found again to evaluate on.
    let evaluate = ["evaluate", "--weights", "run/model.safetensors", "--data-path", "data"]
    let outcome = try workspace.convit(evaluate + flags + ["--json"])
    let log = String(decoding: try workspace.read("run/log.jsonl"), as: UTF8.self)
    let loss = try #require(log.firstMatch(of: /"test_loss":([0-9.]+)/)).1.prefix(7)
    #expect(outcome.out.contains(#""images": 6"#) && outcome.out.contains(#""loss": \#(loss)"#))
    try workspace.expectFailure(evaluate, ["data: no folder val beside train"])
  }

  @Test func iNaturalist() throws {
    for (year, split) in [(2018, "train"), (2018, "val")] {
      let files = Workspace.classes.indices.map {
        #"{"file_name": "data/x/\#($0)/\#(split).png"}"#
      }
      for label in Workspace.classes.indices {
        try workspace.writeImage("inat/data/\(label)/\(split).png", label)
      }
      let annotations = #"[{"category_id": 2}, {"category_id": 0}, {"category_id": 1}]"#
      let text = #"{"images": [\#(files.joined(separator: ","))], "annotations": \#(annotations)}"#
      try workspace.write("inat/\(split)\(year).json", text.utf8)
    }
    let categories = [("ant", "insect"), ("bee", "insect"), ("cow", "mammal")].map {
      #"{"name": "\#($0)", "class": "\#($1)"}"#
    }
    try workspace.write("inat/categories.json", "[\(categories.joined(separator: ","))]".utf8)
    let flags = ["--data-path", "inat", "--data_set", "INAT"]
    let outcome = try workspace.train("run", flags + ["--inat-category", "class"])
    #expect(outcome.err.contains("data: 3 images to train on, 3 to test on, 2 classes"))
    let inspected = try workspace.convit(["inspect", "run/model.safetensors"])
    #expect(inspected.out.contains(#"["mammal","insect"]"#))
    let evaluate = ["evaluate", "--weights", "run/model.safetensors"] + flags
    #expect(try workspace.convit(evaluate + ["--inat-category", "class"]).status == 0)
    try workspace.expectFailure(evaluate, ["inat: its classes by name are not those of the model"])
    try workspace.expectTrainFailure(
      ["--data-path", "inat", "--data-set", "INAT19", "--output-dir", "new"],
      ["inat/train2019.json: cannot open: No such file or directory"])
  }

  @Test func cifarNamesTheCommandThatMakesAFolder() throws {
    try workspace.expectTrainFailure(
      ["--data-path", "cifar", "--data-set", "CIFAR"],
      ["cifar: no such folder (`convit dataset cifar100 SOURCE --output cifar` makes it)"])
    try workspace.train("run", ["--data-set", "CIFAR10"])
  }

  /// One class, one image of it, batches of one, an odd batch with a rest.
  @Test func theSmallestData() throws {
    try workspace.writeImage("one/train/only/0.png", 0)
    try workspace.writeImage("one/val/only/0.png", 0)
    for batch in ["1", "3"] {
      let outcome = try workspace.train(
        "run\(batch)", ["--data-path", "one", "--batch-size", batch, "--repeated-aug"])
      #expect(outcome.err.contains("acc@1 100.0  "))
    }
    let odd = try workspace.train("odd", ["--batch-size", "7"])
    #expect(odd.err.contains("of 4 steps on 24 images"))
  }

  /// What a flag takes the use from is left out of a config, and said once.
  @Test func aNoteAboutAConfigIsThereOnce() throws {
    try workspace.write("c.yaml", "locality-every: 1\nlocality-sample: 9\n".utf8)
    let outcome = try workspace.train("run", ["--config", "c.yaml", "--locality-every", "0"])
    #expect(outcome.errLines.count { $0.contains("c.yaml: 'locality-sample' is left out") } == 1)
  }
}
