import Foundation
import Testing

/// Image folders and output folders that cannot be used: exit code 1, and nothing is left.
@Suite struct BadDataTests {
  private let workspace: Workspace

  init() throws { workspace = try Workspace() }

  @Test func folders() throws {
    try workspace.expectTrainFailure(["--data-path", "missing"], ["missing: no such folder"])
    try workspace.expectTrainFailure(
      ["--data-path", "data/train"], ["data/train: no folder train beside ant, bee, cow"])
    try workspace.expectTrainFailure(
      ["--data-path", "data/train/ant/0.png"], ["data/train/ant/0.png: no such folder"])
    try workspace.makeFolder("empty/train")
    try workspace.expectTrainFailure(["--data-path", "empty"], ["empty/train: no classes"])
    try workspace.expectTrainFailure(
      ["--nb-classes", "2"], status: 2, ["nb-classes is 2, but the data have 3"])
    try workspace.makeFolder("data/val/dog")
    try workspace.expectTrainFailure([], ["data/val: no PNG, JPEG or WebP images in class dog"])
    try workspace.writeImage("data/val/dog/0.png", 0)
    try workspace.expectTrainFailure(
      [], ["data/val: 1 class not in the training classes: dog"])
    try workspace.remove("data/val")
    try workspace.expectTrainFailure([], ["data: no folder val beside train"])
    try workspace.makeFolder("data/train/eel")
    try workspace.expectTrainFailure([], ["data/train: no PNG, JPEG or WebP images in class eel"])
  }

  @Test(arguments: ["train", "val"], [0, 2]) func damagedImages(split: String, workers: Int)
    throws
  {
    let name = "data/\(split)/bee/1.png"
    let image = try workspace.read(name)
    let arguments = ["--num-workers", "\(workers)", "--output-dir", "runs/new"]
    try workspace.makeFolder("runs")
    try workspace.write(name, image.prefix(60))
    try workspace.expectTrainFailure(arguments, ["\(name): damaged PNG: ends after"], begun: true)
    try workspace.write(name, "<html>not found</html>".utf8)
    try workspace.expectTrainFailure(arguments, ["\(name): "], begun: true)
    try workspace.write(name, [])
    try workspace.expectTrainFailure(arguments, ["\(name): "], begun: true)
    // With the image mended, the same command does its work.
    try workspace.write(name, image)
    try workspace.train("runs/new")
  }

  @Test func outputFolders() throws {
    try workspace.train("run")
    try workspace.expectTrainFailure([], ["run: there is a run in this folder already"])
    // The output is looked at before the data, which may take long to read.
    try workspace.expectTrainFailure(["--data-path", "missing"], ["run: there is a run in this"])
    for path in ["run/config.yaml", "run/config.yaml/below/it"] {
      try workspace.expectTrainFailure(
        ["--output-dir", path], ["\(path): cannot make the folder: ", "run/config.yaml is a file"])
    }
    try workspace.write("mine/notes.txt", "keep".utf8)
    try workspace.train("mine")
    #expect(try workspace.read("mine/notes.txt") == Data("keep".utf8))
    // A config of one's own in the output folder is neither replaced nor removed.
    try workspace.write("own/config.yaml", "seed: 3\n".utf8)
    try workspace.expectTrainFailure(
      ["--output-dir", "own", "--config", "own/config.yaml"], ["own: there is a run in this folder"]
    )
    #expect(try workspace.read("own/config.yaml") == Data("seed: 3\n".utf8))
  }

  @Test func aFolderOfOneselfIsKeptWhenTheDataAreBad() throws {
    try workspace.write("run/notes.txt", "keep".utf8)
    try workspace.write("data/train/cow/3.png", "no image".utf8)
    try workspace.expectTrainFailure([], ["data/train/cow/3.png: "], begun: true)
    #expect(try workspace.read("run/notes.txt") == Data("keep".utf8))
  }

  @Test func evaluating() throws {
    let model = try TrainedModel.workspace.get().file("run/model.safetensors")
    let evaluate = ["evaluate", "--weights", model, "--data-path", "data"]
    try workspace.expectFailure(evaluate + ["--split", "test"], ["data: no folder test beside"])
    try workspace.write("data/val/ant/2.png", "text".utf8)
    try workspace.expectFailure(evaluate, ["data/val/ant/2.png: "])
    try workspace.writeImage("data/val/yak/0.png", 1)
    try workspace.expectFailure(evaluate, ["data/val: 1 class not in the model's classes: yak"])
  }

  @Test func otherImagesArePredictedAllTheSame() throws {
    let model = try TrainedModel.workspace.get().file("run/model.safetensors")
    try workspace.write("text.png", "no image".utf8)
    let outcome = try workspace.convit(
      ["predict", "--weights", model, "--json", "--topk", "1", "missing.png", "data/val/ant/0.png"]
        + ["data", "text.png", "data/val/cow/1.png"])
    #expect(outcome.status == 1)
    let paths = outcome.outLines.compactMap {
      (try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])?["path"] as? String
    }
    #expect(paths == ["data/val/ant/0.png", "data/val/cow/1.png"])
    #expect(
      outcome.errLines.map { $0.prefix(22) } == [
        "convit: missing.png: c", "convit: data: expected", "convit: text.png: expe",
      ])
    try workspace.expectFailure(
      ["predict", "--weights", model, "data"], ["data: expected a regular"])
  }

  @Test func cifar() throws {
    try workspace.expectFailure(
      ["dataset", "cifar10", "data", "--output", "new"],
      ["data/batches.meta.txt: cannot open: No such file or directory"])
    try workspace.expectFailure(
      ["dataset", "cifar100", "missing", "--output", "new"], ["missing: cannot open: No such"])
    let record = [UInt8](repeating: 9, count: 3072)
    let names = (0..<10).map { "class-\($0)\n" }.joined()
    try workspace.write("cifar/batches.meta.txt", names.utf8)
    for (part, name) in ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4"]
      .enumerated()
    {
      try workspace.write("cifar/\(name).bin", [UInt8(part)] + record)
    }
    try workspace.write("cifar/data_batch_5.bin", [9] + record + [2] + record)
    try workspace.write("cifar/test_batch.bin", [1] + record)
    let made = try workspace.convit(["dataset", "cifar10", "cifar", "--output", "new"])
    #expect(made.err == "new: 7 images written\n")
    let listing = try workspace.listing().filter { $0.hasPrefix("new/") && $0.hasSuffix(".png") }
    #expect(listing.contains("new/train/class-2/00005.png"))
    #expect(listing.count == 7 && listing.contains("new/val/class-1/00000.png"))
    let verified = try workspace.convit(["verify", "new"])
    #expect(verified.status == 0 && verified.out.contains("32 × 32"))
  }

  @Test func dataSets() throws {
    let dataset = ["dataset", "idx", "idx", "--output", "new/out"]
    try workspace.makeFolder("idx")
    try workspace.expectFailure(
      ["dataset", "idx", "missing", "--output", "new"],
      ["missing/train-images-idx3-ubyte: no such file"])
    try workspace.expectFailure(
      ["dataset", "fashion-mnist", "--source", "missing", "--output", "new"],
      ["missing/train-images-idx3-ubyte: no such file", "dataset-fashion-mnist"])
    for name in ["train", "t10k"] {
      try workspace.write(
        "idx/\(name)-images-idx3-ubyte",
        [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 7, 9])
      try workspace.write("idx/\(name)-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 2, 0, 1])
    }
    try workspace.expectFailure(
      dataset + ["--classes", "a"],
      ["idx/train-labels-idx1-ubyte: label 1 of image 1 is not below 1"])
    #expect(try workspace.convit(dataset).status == 0)
    try workspace.write("new/out/notes.txt", "keep".utf8)
    try workspace.expectFailure(dataset, ["new/out: has other content (notes.txt)"])
    try workspace.expectFailure(dataset + ["--force"], ["new/out: has other content (notes.txt)"])
    try workspace.expectFailure(
      ["dataset", "idx", "idx", "--output", "new/out/notes.txt/x"],
      ["new/out/notes.txt: cannot make the folder"])
    try workspace.write("idx/t10k-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 2, 0])
    try workspace.expectFailure(
      ["dataset", "idx", "idx", "--output", "other"],
      ["idx/t10k-labels-idx1-ubyte: its header says 2 elements, and there are 1"])
  }
}
