import ArgumentParser
import Autodiff
import ConViT
import Foundation

struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "List the presets.",
    discussion: """
      For 1000 classes, and images of the size at the end of the name, or 224 × 224. GFLOPs are \
      multiply–adds of one image's forward pass, as in the papers. Names are timm's; a tag behind \
      one, as in vit_base_patch16_224.mae, is understood. TimeSformers are for 400 classes and \
      clips of 8 frames, …_hr of 16 and …_l of 96; their GFLOPs are a clip's.
      """)

  func run() throws {
    try Terminal.result(row("model", "parameters", "GFLOPs", "embed", "heads", "depth", "GPSA"))
    var family: Preset.Family?
    for preset in Preset.all {
      let (name, configuration) = (preset.name, preset.configuration)
      if family != preset.family {
        try Terminal.result("\n\(preset.family.rawValue)")
        family = preset.family
      }
      try show(name, VisionTransformer(configuration))
    }
    try Terminal.result("\nTimeSformer, of clips")
    for name in TimeSformerConfiguration.presetNames {
      try show(name, TimeSformer(.preset(of: name)))
    }
  }

  private func show(_ name: String, _ model: some VisionModel) throws {
    let (costs, image) = (model.costs(isWhole: true), model.image)
    try Terminal.result(
      row(
        name, "\(costs.parameters)", String(format: "%.2f", Double(costs.multiplyAdds) / 1e9),
        "\(image.embedDim)", "\(image.heads)", "\(image.depth)", "\(image.localUpToLayer)"))
  }

  /// A row of 80 columns.
  private func row(_ name: String, _ columns: String...) -> String {
    name.padded(to: 34)
      + zip(columns, [11, 8, 7, 7, 7, 6]).map { " " + $0.aligned(to: $1 - 1) }.joined()
  }
}
