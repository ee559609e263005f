import ConViT
import Foundation
import Testing

/// `convit bench` on models of clips.
@Suite struct BenchClipsTests {
  struct Report: Decodable {
    let images_per_second, gflops: Double
  }

  private func report(_ arguments: [String]) throws -> Report {
    let workspace = try Workspace()
    try workspace.write(
      "clips.yaml",
      Array("{model: vit_tiny_patch16_224, depth: 1, frames: 3, attention: joint}".utf8))
    let outcome = try workspace.convit(
      ["bench", "--input-size", "32", "--batch-size", "2", "--steps", "1", "--json"] + arguments)
    try #require(outcome.status == 0, "\(outcome.err)")
    return try JSONDecoder().decode(Report.self, from: Data(outcome.out.utf8))
  }

  /// Flags make a model of clips of one of images, as a config does.
  @Test func framesAndAttention() throws {
    var image = try ViTConfiguration.preset(of: "vit_tiny_patch16_224")
    (image.imageHeight, image.imageWidth) = (32, 32)
    let found = try report([
      "--mode", "inference", "--model", "vit_tiny_patch16_224", "--frames", "2", "--attention",
      "axial",
    ])
    let clips = try TimeSformer(TimeSformerConfiguration(image, frames: 2, scheme: .axial))
    let ratio = 2 * Double(clips.multiplyAdds) / 1e9
    #expect(abs(found.gflops / found.images_per_second - ratio) <= 1e-9 * ratio)
  }

  /// The multiply-adds of a clip's frames, all of them.
  @Test func presetAndConfig() throws {
    var preset = try TimeSformerConfiguration.preset(of: "timesformer_tiny_patch16_224")
    (preset.image.imageHeight, preset.image.imageWidth) = (32, 32)
    let named = try report(["--mode", "inference", "--model", "timesformer_tiny_patch16_224"])
    let ratio = 2 * Double(try TimeSformer(preset).multiplyAdds) / 1e9
    #expect(abs(named.gflops / named.images_per_second - ratio) <= 1e-9 * ratio)

    var image = try ViTConfiguration.preset(of: "vit_tiny_patch16_224")
    (image.imageHeight, image.imageWidth, image.depth, image.classes) = (32, 32, 1, 10)
    let made = try report(["--config", "clips.yaml"])
    let trained =
      6 * Double(try TimeSformer(.init(image, frames: 3, scheme: .joint)).multiplyAdds) / 1e9
    #expect(abs(made.gflops / made.images_per_second - trained) <= 1e-9 * trained)
  }
}
