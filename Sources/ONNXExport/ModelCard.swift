import Autodiff
import ConViT
import Files
import Foundation

/// What an exported file says of its model: a text to read, and properties for programs.
struct ModelCard {
  let text: String
  /// Sorted by key.
  let properties: [(String, String)]
  /// `5.7 M parameters`
  let parameters: String

  init(_ saved: SavedModel) {
    let (input, count) = (saved.model.input, saved.weights.tree.elementCount)
    parameters =
      count < 100_000
      ? "\(count) parameters" : String(format: "%.1f M parameters", Double(count) / 1e6)
    let isOfImages = input.rank == 3
    let normalization =
      saved.normalization ?? (isOfImages && input[0] == 3 ? .imageNet : nil)
    var lines = ["\(saved.name ?? "A model") of \(parameters), from convit."]
    var properties = ["input_size": "\(input.sizes)", "parameters": "\(count)"]
    if isOfImages {
      let interpolation = (saved.interpolation ?? .bicubic).rawValue
      lines.append(
        "Images are [N, \(input[0]), \(input[1]), \(input[2])]: channels (red, green, blue), rows "
          + "from the top, columns; resized by \(interpolation) interpolation.")
      properties["interpolation"] = interpolation
      properties["crop_ratio"] = saved.cropRatio.map { "\($0)" }
    }
    if let normalization {
      lines.append(
        "Pixels v of 0 … 255 are normalised before: (v / 255 − mean) / std with \(normalization).")
      properties["mean"] = Self.json(normalization.mean)
      properties["std"] = Self.json(normalization.std)
    }
    lines.append("Logits are the outputs before a softmax.")
    if let names = saved.classNames {
      lines.append("The classes are in the property class_names, in the order of the logits.")
      properties["class_names"] = Self.json(names)
    }
    properties["model"] = saved.name
    properties["configuration"] = Self.json(saved.architecture)
    properties["architecture"] = type(of: saved.architecture).name
    text = lines.joined(separator: "\n")
    self.properties = properties.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private static func json(_ value: some Encodable) -> String? { try? JSON.text(value) }
}
