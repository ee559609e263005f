import ArgumentParser
import Autodiff
import ConViT
import Files
import Recipes
import Safetensors

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show the tensors and metadata of a weights file.")

  @Argument(help: .file("The file of weights, or a folder with one.")) var weights: String
  @Flag(help: "Show the model's operators instead, with their shapes and costs.") var graph = false
  @Option(.name("The preset of the weights, for a --graph of files that do not say."))
  var model: String?

  func validate() throws {
    guard model == nil || graph else { throw ValidationError("model is for --graph") }
  }

  func run() throws {
    if graph {
      return try showGraph(
        SavedModel.noted(weights, model: model, inputSize: nil, patchSize: nil).model)
    }
    let file = try WeightsSource.open(weights)
    for (key, value) in file.metadata.sorted(by: { $0.key < $1.key }) {
      try Terminal.result("\(key.printable(limit: .max)): \(value.printable(limit: .max))")
    }
    for note in file.notes { Terminal.write("note: \(weights): \(note)\n") }
    let names = file.tensors.map { $0.name.printable(limit: .max) }
    let width = names.map(\.count).max() ?? 0
    var zeros: [ZeroCount] = []
    for (tensor, name) in zip(file.tensors, names) {
      let count = try ZeroCount(of: tensor, in: file)
      zeros += [count].compactMap(\.self)
      try Terminal.result(
        "\(name.padded(to: width))  \(tensor.type.rawValue)  \(tensor.shape)"
          + (count?.text.map { "  \($0)" } ?? ""))
    }
    let masks = file.tensors.filter(\.isMask).count
    let numbers = file.tensors.reduce(0) { $0 + ($1.isMask ? 0 : $1.count) }
    try Terminal.result(
      "\(counted(file.tensors.count - masks, "tensor", "tensors")), \(numbers) numbers"
        + (masks > 0 ? "; \(counted(masks, "mask", "masks")), a bit for each weight" : ""))
    if let sparse = file as? SparseFile {
      try Terminal.result(
        "\(counted(sparse.partCount, "tensor is", "tensors are")) stored without what is pruned")
    }
    // A checkpoint holds several sets of weights, each behind a prefix that is meant.
    let isCheckpoint = Checkpoint.isCheckpoint(file)
    let prefix = isCheckpoint ? "model." : (try? WeightsFile(file))?.prefix ?? ""
    if isCheckpoint {
      let model = file.tensors.filter { $0.name.hasPrefix(prefix) }
      try Terminal.result(
        "of its model: \(counted(model.count, "tensor", "tensors")), "
          + "\(model.reduce(0) { $0 + $1.count }) numbers, whose names begin with \(prefix)")
    }
    let line = ZeroCount.summary(zeros.filter { $0.name.hasPrefix(prefix) })
    if let line { try Terminal.result(line) }
    if !prefix.isEmpty && !isCheckpoint {
      try Terminal.result(
        "prefix: \(prefix.printable(limit: 200)), dropped to load the weights")
    }
  }

  /// The operators for one image in order, a line each, and what they cost in all.
  private func showGraph(_ model: any Model) throws {
    let costs = Costs(ParameterTree(model), Pass()) { tape in
      model(tape.variable(model.examples(1)))
    }
    var names: [Int: String] = [:]  // of values that no operator computes
    for step in costs.operators {
      let value = step.output.map { "%\($0)" } ?? "constant"
      if step.inputs.isEmpty { names[step.output ?? 0] = step.name }
      let inputs = step.inputs.map { $0.map { names[$0] ?? "%\($0)" } ?? "-" }
      guard !inputs.isEmpty else { continue }
      let work = step.multiplyAdds > 0 ? ", \(step.multiplyAdds) multiply-adds" : ""
      try Terminal.result(
        "\(value) = \(step.name)(\(inputs.joined(separator: ", "))) \(step.shape)\(work)")
    }
    let work = costs.operators.reduce(0) { $0 + $1.multiplyAdds }
    try Terminal.result(
      "\(costs.parameters) parameters, \(work) multiply-adds an image (\(model.multiplyAdds) as "
        + "papers count, for all tokens in the last block), \(model.costs().passBytes) bytes of a "
        + "prediction beside the weights")
  }
}
