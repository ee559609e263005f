import ArgumentParser
import ONNXExport
import Recipes

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write a model for other programs, as an ONNX file.",
    discussion: """
      The file has the weights under their names and the graph of a prediction in operator set 17; \
      what it says of itself (normalisation, class names) is in its metadata.

        convit export --weights runs/demo/best.safetensors --onnx model.onnx
      """)

  @OptionGroup var file: WeightsOptions
  @Option(help: .file("The file to write.")) var onnx: String
  @Option(help: .value("N|dynamic", "How many images the graph takes at a time."))
  var batch = ExportBatch(size: .dynamic)

  func run() throws {
    let saved = try file.load()
    let exported = try ONNXModel(
      saved, batch: batch.size, producerVersion: PackageVersion.current)
    try exported.write(to: onnx)
    try Terminal.result("\(onnx): \(exported.summary)")
  }
}

/// `dynamic`, or a number of images.
struct ExportBatch: ExpressibleByArgument, CustomStringConvertible {
  let size: ONNXModel.Batch

  init(size: ONNXModel.Batch) { self.size = size }

  init?(argument: String) {
    if argument == "dynamic" {
      size = .dynamic
    } else if let count = Int(argument), (1...1_000_000).contains(count) {
      size = .fixed(count)
    } else {
      return nil
    }
  }

  var description: String {
    if case .fixed(let count) = size { "\(count)" } else { "dynamic" }
  }
}
