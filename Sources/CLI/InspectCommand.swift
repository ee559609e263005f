import ArgumentParser
import ConViT
import Files
import Safetensors

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show the tensors and metadata of a weights file.")

  @Argument(help: .file("A safetensors file.")) var weights: String

  func run() throws {
    let file = try SafetensorsFile(contentsOf: weights)
    for (key, value) in file.metadata.sorted(by: { $0.key < $1.key }) {
      try Terminal.result("\(key): \(value)")
    }
    let width = file.tensors.map(\.name.count).max() ?? 0
    for tensor in file.tensors {
      let name = tensor.name + String(repeating: " ", count: width - tensor.name.count)
      try Terminal.result("\(name)  \(tensor.type.rawValue)  \(tensor.shape)")
    }
    let numbers = file.tensors.reduce(0) { $0 + $1.count }
    try Terminal.result("\(file.tensors.count) tensors, \(numbers) numbers")
    // A checkpoint holds several sets of weights, each behind a prefix that is meant.
    if let model = try? WeightsFile(file), !model.prefix.isEmpty {
      try Terminal.result(
        "prefix: \(model.prefix.printable(limit: 200)), dropped to load the weights")
    }
  }
}
