import ArgumentParser
import ConViT
import Files

/// `convit convert IN OUT`: any weights file to safetensors.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert", abstract: "Write the weights of any file as safetensors.",
    discussion: """
      Reads PyTorch checkpoints (.pth, .pt, .bin, .ckpt; nothing in them is executed), \
      safetensors, indices of shards, and folders as hubs give them; names of timm, of the \
      authors of ConViT, DeiT, DINO and MAE, of Hugging Face's transformers and of torchvision. \
      The result has timm's names, the types of the input, and what is known of the model; what \
      is no weight of it is named and left. Other commands read the same files as they are.

        convit convert convit_tiny.pth convit_tiny.safetensors --model convit_tiny
      """)

  @Argument(help: .value("in", "The file or folder to read.")) var input: String
  @Argument(help: .value("out", "The safetensors file to write.")) var output: String
  @Option(.name("The entry of a checkpoint that holds the weights, as model_ema or state.teacher."))
  var key: String?
  @Option(.name("What the names of the model begin with, where a file holds several."))
  var prefix: String?
  @Option(.name("The preset of the weights, for files that do not say; see convit models."))
  var model: String?
  @Flag(help: "Replace a file that is there.") var force = false

  func validate() throws { _ = try usage { try model.map(ViTConfiguration.preset(of:)) } }

  func run() throws {
    try requirePlace(for: output, force: force)
    let file = try WeightsFile(WeightsSource.open(input, key: key), prefix: prefix)
    let written = try file.write(to: output, model: model)
    for note in written.notes { Terminal.write("note: \(input): \(note)\n") }
    try Terminal.result(
      "\(output): \(counted(written.tensors, "tensor", "tensors")), \(written.numbers) numbers")
  }
}
