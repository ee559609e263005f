import ArgumentParser
import Safetensors

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show the tensors and metadata of a weights file.")

  @Argument(help: "A safetensors file.") var weights: String

  func run() throws {
    let file = try SafetensorsFile(contentsOf: weights)
    for (key, value) in file.metadata.sorted(by: { $0.key < $1.key }) { print("\(key): \(value)") }
    let width = file.tensors.map(\.name.count).max() ?? 0
    for tensor in file.tensors {
      let name = tensor.name + String(repeating: " ", count: width - tensor.name.count)
      print("\(name)  \(tensor.type.rawValue)  \(tensor.shape)")
    }
    print("\(file.tensors.count) tensors, \(file.tensors.reduce(0) { $0 + $1.count }) numbers")
  }
}
