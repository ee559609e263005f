import Foundation
import Testing

/// CSV files in the place of folders, from `verify` to `evaluate`.
@Suite struct TableTests {
  private let workspace: Workspace

  init() throws { workspace = try Workspace() }

  /// Rows for the images of some of the workspace's folders.
  private func rows(_ splits: [String], named: Bool = true) -> [String] {
    splits.flatMap { split in
      Workspace.classes.flatMap { name in
        (0..<(split == "train" ? 8 : 3)).map {
          "data/\(split)/\(name)/\($0).png,\(name)" + (named ? ",\(split)" : "")
        }
      }
    }
  }

  private func write(_ name: String, _ header: String, _ rows: [String]) throws {
    try workspace.write(name, ([header] + rows).joined(separator: "\r\n").utf8)
  }

  private func weights(_ run: String) throws -> Data {
    try workspace.read("\(run)/model.safetensors")
  }

  /// A table of the same images in the same order trains the same weights, by one file or two.
  @Test func aTableIsTheFolderThatItLists() throws {
    try workspace.train("folder")
    try write("all.csv", "path,label,split", rows(["train", "val"]))
    try write("train.csv", "image,class", rows(["train"], named: false))
    try write("val.csv", "image,class", rows(["val"], named: false))
    let expected = try weights("folder")
    for (run, flags) in [
      ("one", ["--data-path", "all.csv"]),
      ("two", ["--data-path", "train.csv", "--val-path", "val.csv"]),
    ] {
      try workspace.train(run, flags)
      #expect(try weights(run) == expected, "\(run)")
    }
    struct Log: Decodable { let test_loss: Double }
    let loss = try JSONDecoder().decode(Log.self, from: workspace.read("folder/log.jsonl"))
      .test_loss
    for table in ["all.csv", "val.csv"] {
      let outcome = try workspace.convit(
        ["evaluate", "--weights", "one/model.safetensors", "--data-path", table])
      #expect(outcome.err == "9 images\n" && outcome.out.hasSuffix(String(format: "%.3f\n", loss)))
    }
    // It resumes as a run on folders does, and not with other images.
    try workspace.train(
      "one", ["--data-path", "all.csv", "--epochs", "2", "--resume", "auto"])
    try write("all.csv", "path,label,split", rows(["train", "val"]).dropLast() + [])
    try workspace.expectTrainFailure(
      ["--data-path", "all.csv", "--output-dir", "one", "--resume", "auto", "--epochs", "3"],
      ["the run began with other images: val: class 'cow' has 2 images instead of 3"])
  }

  @Test func partsOfATable() throws {
    try write("train.csv", "path,label", rows(["train"], named: false))
    try workspace.train("divided", ["--data-path", "train.csv", "--val-fraction", "0.25"])
    try workspace.expectTrainFailure(
      ["--data-path", "train.csv"],
      ["train.csv: no column split", "--val-path names another table, --val-fraction 0.1"])
    try write(
      "named.csv", "path,label,split", rows(["train"]) + rows(["val"]).map { $0 + "idation" })
    let noted = try workspace.train("named", ["--data-path", "named.csv"])
    #expect(noted.err.contains("there is no split val: validation is used instead"))
    try workspace.train("told", ["--data-path", "named.csv", "--val-split", "train"])
    try workspace.expectTrainFailure(
      ["--data-path", "named.csv", "--val-split", "dev"],
      ["no split dev beside train, validation"])
    try workspace.expectTrainFailure(
      ["--val-path", "val.csv"], status: 2,
      ["val-path is a table of images (.csv), or a list of clips (.txt), beside one"])
    try workspace.expectTrainFailure(
      ["--data-path", "a.csv", "--data-set", "CIFAR10"], status: 2,
      ["data-set CIFAR10 is for folders"])
    try workspace.expectTrainFailure(["--data-path", "no.csv"], ["no.csv: cannot open"])
  }

  @Test func verifyReadsWhatIsListed() throws {
    try write("all.csv", "path,label,split", rows(["train", "val"]))
    let sound = try workspace.convit(["verify", "all.csv"])
    #expect(sound.status == 0 && sound.err.isEmpty, "\(sound.err)")
    #expect(sound.outLines.first == "33 images are sound, 0 are bad")
    #expect(sound.outLines.contains("train         3, with 8 (ant) to 8 (cow) images each"))
    #expect(
      sound.outLines.last == "convit train would train on ./all.csv, split train (24 images of 3 "
        + "classes) and validate on ./all.csv, split val (9 images)")
    try workspace.write("data/val/cow/0.png", "<html>".utf8)
    try workspace.remove("data/train/bee/3.png")
    try write("train.csv", "path,label", rows(["train"], named: false))
    try write("val.csv", "path,label", rows(["val"], named: false))
    let bad = try workspace.convit(["verify", "train.csv", "--val-path", "val.csv"])
    #expect(bad.status == 1)
    #expect(
      bad.outLines.prefix(3) == [
        "./data/train/bee/3.png: cannot open: No such file or directory",
        "./data/val/cow/0.png: expected PNG, JPEG or WebP, found an HTML or XML page",
        "31 images are sound, 2 are bad",
      ])
    #expect(bad.outLines.contains("val.csv       3, with 2 (cow) to 3 (bee) images each"))
    #expect(bad.out.contains("it would stop at the first of 2 bad images"))
    try write("broken.csv", "path,label", ["data/val/ant/0.png,\"ant"])
    try workspace.expectFailure(
      ["verify", "broken.csv"], ["broken.csv: line 2: a quote is not closed"])
  }
}
