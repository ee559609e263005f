import Autodiff
import ConViT
import Safetensors
import Training

extension SavedModel {
  /// The model in a weights file, or of the moment of a run that a checkpoint holds.
  ///
  /// - Throws: what `SavedModel(contentsOf:as:)` and `Checkpoint(contentsOf:)` do, and
  ///   `TrainingError` for a checkpoint that is not as described.
  package init(weightsOrCheckpoint path: String, as description: Description) throws {
    guard try Checkpoint.isCheckpoint(SafetensorsFile(contentsOf: path)) else {
      self = try SavedModel(contentsOf: path, as: description)
      return
    }
    self = try Checkpoint(contentsOf: path).model(as: description)
  }
}

extension Checkpoint {
  /// The model with its weights at this moment.
  ///
  /// - Throws: `TrainingError` if the file has not its tensors, or the description is another.
  func model(as description: SavedModel.Description) throws -> SavedModel {
    let configuration: ViTConfiguration
    do {
      configuration = try self.configuration.modelConfiguration(classes: classes ?? 1000)
    } catch {
      throw TrainingError("\(path): \(error)")
    }
    for (name, asked, found) in [
      ("model", description.name, self.configuration.model),
      ("patch-size", description.patchSize.map(String.init), "\(configuration.patchSize)"),
      (
        "input-size", description.imageHeight.map { "\($0) × \(description.imageWidth ?? $0)" },
        "\(configuration.imageHeight) × \(configuration.imageWidth)"
      ),
    ] where asked != nil && asked != found {
      throw TrainingError("\(path): the checkpoint's \(name) is \(found), not \(asked ?? "")")
    }
    let names = data.classNames
    guard Set(names.map { Array($0.utf8) }).count == names.count,
      names.count <= configuration.classes
    else {
      throw TrainingError(
        "\(path): \(names.count) class names for \(configuration.classes) classes, or one twice")
    }
    let model = try VisionTransformer(configuration)
    var saved = SavedModel(
      model, try snapshot.store("model", ParameterTree(model)), classNames: names,
      name: self.configuration.model,
      normalization: try self.configuration.normalization().statistics)
    if let note = saved.weights.nonFiniteNote { saved.warnings.append(note) }
    return saved
  }

  private var classes: Int? { snapshot.shape("model.head.weight")?.first }
}
