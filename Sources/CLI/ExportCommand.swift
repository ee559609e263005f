import ArgumentParser
import ConViT
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

  @Option(help: .file("A safetensors file, of weights or a checkpoint.")) var weights: String
  @Option(help: .file("The file to write.")) var onnx: String
  @Option(help: .value("N|dynamic", "How many images the graph takes at a time."))
  var batch = ExportBatch(size: .dynamic)
  @Option(.name("The preset of the weights, for files that do not say; see convit models."))
  var model: String?
  @Option(
    .size(
      "Pixels of the model's images; a position embedding for others is resampled. (default: as "
        + "the file says, or 224)"))
  var inputSize: InputSize?
  @Option(.int("Pixels of a patch's side. (default: as the file says, or 16)")) var patchSize: Int?

  func validate() throws {
    if let patchSize, patchSize < 1 {
      throw ValidationError("patch-size must be at least 1, found \(patchSize)")
    }
    _ = try usage { try model.map(ViTConfiguration.preset(of:)) }
  }

  func run() throws {
    let saved = try SavedModel.noted(
      weights, model: model, inputSize: inputSize, patchSize: patchSize)
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
