import Autodiff
import ConViT
import Safetensors

/// The weights that `--finetune` starts from: those of a file, except for a head that is for other
/// classes, or for whatever does not fit if that is allowed.
struct StartingWeights {
  let weights: ParameterStore
  /// What was converted, what starts anew, what was not used.
  let notes: [String]

  /// - Throws: `WeightsError` for weights of another model or that are not finite,
  ///   `SafetensorsError` for a file that is damaged.
  init(
    of model: VisionTransformer, from path: String, _ configuration: TrainingConfiguration
  ) throws {
    let file = try SafetensorsFile(contentsOf: path)
    let differences = try ViTConfiguration.stored(in: file)?.differences(from: model.configuration)
    if let first = differences?.first, !configuration.partial {
      throw WeightsError(path: path, reason: "the file's model has \(first)")
    }
    let tree = ParameterTree(model)
    let loaded = try ParameterStore.load(
      tree, from: file,
      optional: ["head.weight", "head.bias", "head_dist.weight", "head_dist.bias"],
      isPartial: configuration.partial, start: ParameterStore(tree, seed: configuration.seed))
    if let note = loaded.weights.nonFiniteNote { throw WeightsError(path: path, reason: note) }
    weights = loaded.weights
    let notes = [
      differences?.first.map { "the file's model has \($0)" }, file.conversionNote,
      listed(loaded.kept, "start anew"), listed(loaded.unused, "of the file not used"),
    ]
    self.notes = notes.compactMap(\.self).map { WeightsError(path: path, reason: $0).description }
  }
}
