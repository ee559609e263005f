import ConViT
import Foundation
import Images
import Testing

/// Models of one channel, from training to what uses their weights files.
@Suite struct ChannelTests {
  /// A colour image, `rgb.png`, and one of its grey values, `gray.png`.
  private func writeColours(_ workspace: Workspace) throws {
    let gray = try ImageDecoder().decode(contentsOf: workspace.file("data/val/bee/1.png"))
    var (colours, luma) = ([UInt8](), [UInt8]())
    for place in 0..<144 {
      let value = Int(gray.pixels[3 * place])
      let (r, g, b) = (min(255, value + 20), max(0, value - 10), (7 * place) % 256)
      colours += [r, g, b].map(UInt8.init)
      luma.append(UInt8((r * 19595 + g * 38470 + b * 7471 + 32768) >> 16))
    }
    try writePNG(RGBImage(width: 12, height: 12, pixels: colours), to: workspace.file("rgb.png"))
    try writePNG(gray: luma, width: 12, height: 12, to: workspace.file("gray.png"))
  }

  @Test func oneChannelFromTrainingToPrediction() throws {
    let workspace = try Workspace()
    try workspace.train(
      "run", ["--channels", "1", "--epochs", "2", "--locality-every", "2", "--std", "0.25"])
    for name in ["model", "best", "checkpoint"] {
      let saved = try SavedModel(
        weightsOrCheckpoint: workspace.file("run/\(name).safetensors"), as: .init())
      #expect((try saved.transformer).configuration.channels == 1, "\(name)")
      #expect(saved.normalization == ChannelStatistics(mean: [0.449], std: [0.25]), "\(name)")
    }
    #expect(
      try String(decoding: workspace.read("run/config.yaml"), as: UTF8.self)
        .contains("channels: 1\n"))

    // By the file alone: no flag says what its channels are.
    let weights = ["--weights", "run/model.safetensors"]
    struct Epoch: Decodable { let test_loss: Double }
    struct Totals: Decodable { let loss: Double }
    let evaluated = try workspace.convit(["evaluate", "--data-path", "data", "--json"] + weights)
    let log = try workspace.read("run/log.jsonl").split(separator: UInt8(ascii: "\n"))
    let logged = try JSONDecoder().decode(Epoch.self, from: try #require(log.last)).test_loss
    let loss = try JSONDecoder().decode(Totals.self, from: Data(evaluated.out.utf8)).loss
    #expect(abs(loss - logged) < 1e-6, "\(evaluated.err)")

    try writeColours(workspace)
    func logits(_ image: String) throws -> String {
      let outcome = try workspace.convit(["predict", "--json", "--logits", image] + weights)
      #expect(outcome.status == 0, "\(outcome.err)")
      return outcome.out.replacing(image, with: "")
    }
    #expect(try logits("rgb.png") == logits("gray.png"))
    #expect(try logits("rgb.png") != logits("data/val/bee/1.png"))

    for arguments in [
      ["attention", "rgb.png", "--output-dir", "maps"],
      ["locality", "--data-path", "data", "--output-dir", "where"],
    ] {
      let outcome = try workspace.convit(arguments + weights)
      #expect(outcome.status == 0, "\(outcome.err)")
    }
    #expect(try workspace.listing().isSuperset(of: ["maps/attention.svg", "where/locality.json"]))
    try workspace.expectFailure(
      ["attention", "rgb.png", "--output-dir", "other", "--channels", "1"] + weights, status: 2,
      ["channels is for the initialisation, not with --weights"])
    let start = try workspace.convit(
      ["attention", "rgb.png", "--output-dir", "start", "--channels", "1", "--depth", "2"])
    #expect(start.status == 0, "\(start.err)")
  }

  /// Weights for colours give their sum over the channels; the other way there is none.
  @Test func weightsForColoursBeginAGreyModel() throws {
    let workspace = try Workspace()
    try workspace.train("rgb", ["--epochs", "1"])
    let outcome = try workspace.train(
      "gray",
      [
        "--channels", "1", "--finetune", "rgb/model.safetensors", "--freeze", "patch_embed.*",
        "--epochs", "1",
      ])
    let note = "patch_embed.proj.weight is summed over its three channels for one, as timm does it"
    #expect(outcome.err.contains(note), "\(outcome.err)")
    func patches(_ run: String) throws -> [Float] {
      let saved = try SavedModel(contentsOf: workspace.file("\(run)/model.safetensors"))
      let embed = try #require(try saved.transformer.patchEmbed as? PatchEmbed)
      return saved.weights[embed.proj.weight].elements
    }
    let colours = try patches("rgb")
    let expected = (0..<256).map { (place: Int) -> Float in
      let first = place / 16 * 48 + place % 16
      return colours[first] + colours[first + 16] + colours[first + 32]
    }
    #expect(try patches("gray") == expected)
    try workspace.expectTrainFailure(
      ["--finetune", "gray/model.safetensors", "--model", "convit_tiny"],
      ["the file's model has channels 1, not 3 as asked"])
    // Without --model, the channels are those of the file.
    try workspace.train("again", ["--finetune", "gray/model.safetensors"])
    #expect(try patches("again").count == 256)
  }

  @Test func whatDoesNotGoTogetherIsSaid() throws {
    let workspace = try Workspace()
    try workspace.train("rgb", ["--epochs", "1"])
    try workspace.expectTrainFailure(
      ["--channels", "2"], status: 2, ["channels must be 1 or 3, found 2"])
    try workspace.expectTrainFailure(
      ["--channels", "1", "--mean", "0.5", "0.5", "0.5"], status: 2,
      ["mean and std must be one number, or one a channel, of which there are 1"])
    let distilled = [
      "--model", "deit_tiny_distilled_patch16_224", "--local-up-to-layer", "none",
      "--distillation-type", "hard", "--teacher-path", "rgb/model.safetensors", "--channels", "1",
    ]
    try workspace.expectTrainFailure(
      distilled,
      ["the teacher takes images of 3 channels, the model of 1, and both see the same ones"])
  }
}
