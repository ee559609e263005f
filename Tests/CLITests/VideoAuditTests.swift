import Autodiff
import ConViT
import Foundation
import Images
import Testing

/// `convit video audit`, `convit locality` and `convit attention` on clips.
@Suite struct VideoAuditTests {
  private let workspace: Workspace

  /// Six clips of three frames of grey noise, in three classes, and a model of them.
  init() throws {
    workspace = try Workspace()
    for split in ["val", "val-shuffled"] {
      for (label, name) in Workspace.classes.enumerated() {
        try workspace.makeFolder("clips/\(split)/\(name)")
        for index in 0..<2 {
          var source = Random(seed: UInt64(10 * label + index))
          try writeAPNG(
            gray: (0..<3 * 96).map { _ in UInt8(source.below(256)) }, width: 12, height: 8,
            to: workspace.file("clips/\(split)/\(name)/\(index).apng"))
        }
      }
    }
    for scheme in [TimeSformerConfiguration.Scheme.space, .divided] {
      try writeModel(scheme.rawValue, scheme)
    }
  }

  /// A model of the clips, of which no weight is zero or one of many alike.
  private func writeModel(
    _ name: String, _ scheme: TimeSformerConfiguration.Scheme, patchSize: Int = 4
  ) throws {
    var c = ViTConfiguration(.vit, patchSize: patchSize, embedDim: 8, heads: 2)
    (c.imageHeight, c.imageWidth, c.depth, c.classes) = (8, 12, 2, 3)
    let configuration = TimeSformerConfiguration(c, frames: 3, scheme: scheme)
    let model = try TimeSformer(configuration)
    var weights = ParameterStore(model, seed: 1)
    for slot in 0..<weights.tree.names.count {
      var source = Random(seed: 2).split(slot)
      let old = weights[slot: slot]
      weights[slot: slot] = Tensor(
        old.shape, old.elements.map { $0 + Float(0.5 * source.normal()) })
    }
    try SavedModel(configuration, weights, classNames: Workspace.classes)
      .write(to: workspace.file("\(name).safetensors"))
  }

  private func object(_ text: String) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func anAuditOfAModelWithoutTime() throws {
    let command = ["video", "audit", "--weights", "space.safetensors", "--data-path", "clips"]
    let outcome = try workspace.convit(command)
    #expect(outcome.status == 0, "\(outcome.err)")
    #expect(outcome.outLines.first == "val: 6 clips")
    #expect(outcome.out.contains("val-shuffled: 6 clips"))
    #expect(
      outcome.out.contains(
        "What this model looks at cannot be told: 33.3 % of the clips are answered rightly, and "
          + "33.3 % are of one class."))
    let json = try object(workspace.convit(command + ["--json"]).out)
    let lines = try #require((json["audit"] as? [String: Any])?["lines"] as? [[String: Any]])
    #expect(
      lines.map { $0["order"] as? String } == [
        "original", "reversed", "shuffled", "first", "frozen",
      ])
    #expect(lines[1]["same_answer"] as? Double == 100 && lines[1]["difference"] as? Double == 0)
    #expect((json["compared"] as? [String: Any])?["split"] as? String == "val-shuffled")
    #expect((json["verdicts"] as? [String])?.count == 2)
    try workspace.expectFailure(
      command + ["--frames", "1"], status: 2, ["a clip of one frame has no order"])
  }

  @Test func thePageOfAnAudit() throws {
    let outcome = try workspace.convit([
      "video", "audit", "--weights", "divided.safetensors", "--data-path", "clips",
      "--output-dir", "out", "--show", "2",
    ])
    #expect(outcome.status == 0, "\(outcome.err)")
    let html = String(decoding: try workspace.read("out/audit.html"), as: UTF8.self)
    #expect(html.components(separatedBy: "data:image/svg+xml;base64,").count == 3)
    #expect(html.contains("\"scheme\":\"divided\""))
    let locality = try object(
      String(decoding: try workspace.read("out/locality.json"), as: UTF8.self))
    #expect(locality["clips"] as? Int == 6 && (locality["layers"] as? [Any])?.count == 2)
    _ = try object(String(decoding: try workspace.read("out/audit.json"), as: UTF8.self))
  }

  /// The maps of a clip are those of `convit attention`, and distances those of `convit locality`.
  @Test func thePageShowsWhatTheOtherCommandsDo() throws {
    func arguments(_ command: [String], _ more: [String] = []) -> [String] {
      // Frames of 32 pixels and less have no margin.
      command + ["--weights", "divided.safetensors", "--output-dir", command[0]] + more
        + ["--input-size", "36"]
    }
    let data = ["--data-path", "clips"]
    func measured(_ folder: String) throws -> Data { try workspace.read("\(folder)/locality.json") }
    _ = try workspace.convit(arguments(["locality"], data))
    let whole = try measured("locality")
    for more in [[], ["--eval-crop-ratio", "0.5"]] {
      _ = try workspace.convit(arguments(["video", "audit"], data + more + ["--show", "6"]))
      _ = try workspace.convit(arguments(["locality"], data + more))
      #expect(try measured("video") == measured("locality"))
      #expect(try (measured("locality") == whole) == more.isEmpty)
    }
    _ = try workspace.convit(
      arguments(["attention", "clips/val/bee/1.apng", "--query", "1,4,4"]) + [
        "--eval-crop-ratio", "0.5",
      ])
    let html = String(decoding: try workspace.read("video/audit.html"), as: UTF8.self)
    #expect(html.contains(try workspace.read("attention/attention.svg").base64EncodedString()))
  }

  /// Which clips are measured follows from the seed.
  @Test func theSampleIsOfTheSeed() throws {
    let outputs = try (0..<4).map {
      try workspace.convit([
        "locality", "--weights", "divided.safetensors", "--data-path", "clips", "--json",
        "--sample", "1", "--output-dir", "out", "--seed", "\($0)",
      ]).out
    }
    #expect(Set(outputs).count > 1)
  }

  /// An audit asks about the same views as `convit evaluate`.
  @Test func viewsAreAveraged() throws {
    let data = [
      "--weights", "divided.safetensors", "--data-path", "clips", "--json", "--frames", "2",
      "--clips", "2", "--crops", "3",
    ]
    let audit = try object(workspace.convit(["video", "audit"] + data).out)
    let lines = try #require((audit["audit"] as? [String: Any])?["lines"] as? [[String: Any]])
    let evaluated = try object(workspace.convit(["evaluate"] + data).out)
    let found = [lines[0]["acc1"], evaluated["acc1"]].compactMap { $0 as? Double }
    #expect(found.count == 2 && abs(found[0] - found[1]) < 1e-6, "\(found)")
    // Clips of more frames than images are read at a time are read one by one.
    let long = try workspace.convit(
      ["evaluate"] + data.prefix(4) + ["--frames", "70", "--json"])
    #expect(long.status == 0 && long.out.contains(#""images": 6"#), "\(long.err)")
  }

  /// A mistake is shown by the frame in the middle of the view in the middle: the second of three.
  @Test(arguments: [[], ["--frames", "1", "--clips", "2"]])
  func mistakesAreShownByTheirMiddle(views: [String]) throws {
    let outcome = try workspace.convit(
      [
        "evaluate", "--weights", "space.safetensors", "--data-path", "clips", "--output-dir",
        "page", "--eval-crop-ratio", "1",
      ] + views)
    #expect(outcome.status == 0, "\(outcome.err)")
    var middles: Set<[UInt8]> = []
    for name in Workspace.classes {
      for index in 0..<2 {
        let clip = try ClipDecoder().open(workspace.file("clips/val/\(name)/\(index).apng"))
        middles.insert(try clip.frame(at: 1).pixels)
      }
    }
    let html = String(decoding: try workspace.read("page/evaluation.html"), as: UTF8.self)
    let pictures = html.matches(of: /data:image\/png;base64,([A-Za-z0-9+\/=]+)/)
    #expect(!pictures.isEmpty)
    for picture in pictures {
      try workspace.write("picture.png", #require(Data(base64Encoded: String(picture.1))))
      let image = try ImageDecoder().decode(contentsOf: workspace.file("picture.png"))
      #expect(middles.contains(image.pixels))
    }
  }

  @Test func howFarHeadsLook() throws {
    let outcome = try workspace.convit([
      "locality", "--weights", "divided.safetensors", "--data-path", "clips", "--output-dir", "out",
    ])
    #expect(outcome.status == 0, "\(outcome.err)")
    #expect(outcome.outLines.count == 1 + 2 * 2)
    #expect(outcome.outLines[1].hasPrefix("    0  time"))
    // (9 − 1) / 9 frames, and on 2 × 3 patches
    #expect(outcome.outLines[1].contains("0.8889") && !outcome.outLines[2].contains("0.8889"))
    let table = String(decoding: try workspace.read("out/locality.csv"), as: UTF8.self)
    #expect(table.split(separator: "\n").count == 1 + 2 * 2 * 2)
  }

  @Test func theMapsOfAClip() throws {
    let command = ["attention", "clips/val/ant/0.apng", "--weights", "divided.safetensors"]
    let outcome = try workspace.convit(command + ["--query", "2,1,0", "--output-dir", "out"])
    #expect(outcome.status == 0, "\(outcome.err)")
    let files = try workspace.listing().filter { $0.hasPrefix("out/") }
    for name in [
      "attention.svg", "attention.png", "query.png", "layer-0-time-head-1.png",
      "layer-1-frame-mean.png", "layer-1-frame-reach.png",
    ] { #expect(files.contains("out/" + name), "\(name)") }
    #expect(!files.contains("out/layer-1-time-reach.png"))
    // Three frames of 12 × 8 pixels, 19 times as large.
    let strip = try ImageDecoder().decode(contentsOf: workspace.file("out/query.png"))
    #expect(strip.width == 3 * 19 * 12 && strip.height == 19 * 8)
    let record = try object(
      String(decoding: try workspace.read("out/attention.json"), as: UTF8.self))
    #expect(record["query"] as? [Int] == [2, 1, 0] && record["frames"] as? Int == 3)
    #expect(record["grid"] as? [Int] == [2, 3])
    // Where nothing or no frame is asked for, it is that in the middle, and the patch there.
    for (query, found) in [([], [1, 1, 1]), (["--query", "0,2"], [1, 0, 2])] {
      _ = try workspace.convit(command + query + ["--output-dir", "middle"])
      let record = try object(
        String(decoding: try workspace.read("middle/attention.json"), as: UTF8.self))
      #expect(record["query"] as? [Int] == found)
      #expect(record["scale"] as? String == "cell")
    }
    // Once more, into the same folder.
    let again = try workspace.convit(
      command + ["--query", "class", "--layer", "1", "--output-dir", "out"])
    #expect(again.status == 0, "\(again.err)")
    let left = try workspace.listing().filter { $0.hasPrefix("out/layer") }
    #expect(left.allSatisfy { $0.hasPrefix("out/layer-1-frame") } && left.count == 4)
  }

  /// 24 patches of 512 frames: 12,289² weights of two heads are more than a gigabyte.
  @Test func mapsThatAreTooLarge() throws {
    try writeModel("large", .joint, patchSize: 2)
    for command in [
      ["attention", "clips/val/ant/0.apng"], ["locality", "--data-path", "clips"],
      ["video", "audit", "--data-path", "clips"],
    ] {
      try workspace.expectFailure(
        command + ["--weights", "large.safetensors", "--frames", "512", "--output-dir", "out"],
        status: 2, ["the maps of a layer, 1 times 2 heads of 12289 tokens squared, are too large"],
        begun: true)
    }
  }

  @Test func whatThereIsNotIsOneLine() throws {
    let clip = ["attention", "clips/val/ant/0.apng", "--output-dir", "out"]
    for (arguments, message) in [
      (clip + ["--weights", "divided.safetensors", "--query", "3,0,0"], "there is no frame 3"),
      (clip + ["--weights", "divided.safetensors", "--rollout"], "are for models of images"),
      (clip + ["--query", "0,0,0"], "a frame is for models of clips"),
      (
        [
          "locality", "--weights", "divided.safetensors", "--data-path", "clips", "--output-dir",
          "out", "--reference",
        ], "reference and masks are for models of images"
      ),
      (
        [
          "video", "audit", "--weights", "divided.safetensors", "--data-path", "clips", "--show",
          "1",
        ],
        "show is for --output-dir"
      ),
    ] {
      let outcome = try workspace.convit(arguments)
      #expect(outcome.status == 2 && outcome.err.contains(message), "\(outcome.err)")
    }
  }
}
