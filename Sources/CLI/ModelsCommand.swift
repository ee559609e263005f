import ArgumentParser
import Autodiff
import ConViT
import Foundation

struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "List the presets.",
    discussion: """
      For 224 × 224 images and 1000 classes. GFLOPs are multiply–adds of one image's forward \
      pass, as in the papers.
      """)

  func run() throws {
    try Terminal.result(row("model", "parameters", "GFLOPs", "embed", "heads", "depth", "GPSA"))
    for name in ViTConfiguration.presetNames {
      let configuration = try ViTConfiguration.preset(of: name)
      let costs = try VisionTransformer(configuration).costs(isWhole: true)
      try Terminal.result(
        row(
          name, "\(costs.parameters)",
          String(format: "%.2f", Double(costs.multiplyAdds) / 1e9),
          "\(configuration.embedDim)", "\(configuration.heads)", "\(configuration.depth)",
          "\(configuration.localUpToLayer)"))
    }
  }

  /// A row of 80 columns.
  private func row(_ name: String, _ columns: String...) -> String {
    name.padding(toLength: 34, withPad: " ", startingAt: 0)
      + zip(columns, [11, 8, 7, 7, 7, 6]).map { text, width in
        String(repeating: " ", count: max(1, width - text.count)) + text
      }.joined()
  }
}
