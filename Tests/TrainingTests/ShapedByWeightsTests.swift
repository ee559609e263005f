import Autodiff
import ConViT
import Foundation
import Safetensors
import Testing

@testable import Recipes

/// The model that a run takes from the weights that it starts from.
@Suite struct ShapedByWeightsTests {
  /// What a run is told about a file of the weights of a preset.
  private func shaped(
    _ preset: String, metadata: Bool, _ change: (inout TrainingConfiguration) -> Void = { _ in }
  ) throws -> (configuration: TrainingConfiguration, note: String?) {
    let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let model = try VisionTransformer(.preset(of: preset))
    let weights = ParameterStore.zeros(ParameterTree(model))
    if metadata {
      try SavedModel(model, weights, name: preset).write(to: path)
    } else {
      try SafetensorsWriter.write(weights.outputTensors, to: path)
    }
    let found = try TrainingConfiguration.shapedByWeights { defaults in
      var given = defaults
      given.finetune = path
      change(&given)
      return given
    }
    return (found.configuration, found.note?.replacingOccurrences(of: path, with: "file"))
  }

  @Test func theNameIsTheFiles() throws {
    let (configuration, note) = try shaped("vit_tiny_patch16_224", metadata: true)
    #expect(configuration.model == "vit_tiny_patch16_224")
    #expect(try configuration.normalization().mean == [0.5, 0.5, 0.5])
    #expect(note?.contains("also") == false)
  }

  /// The shapes of DeiT's are those of a ViT too, whose images are normalised by 0.5.
  @Test func aChoiceOfInputsIsSaid() throws {
    let (configuration, note) = try shaped("vit_tiny_patch16_224", metadata: false)
    #expect(configuration.model == "deit_tiny_patch16_224")
    #expect(
      note?.hasSuffix(
        "; its shapes are also those of vit_tiny_patch16_224, whose images are normalised "
          + "otherwise: --model says which it is") == true)
    let given = try shaped("vit_tiny_patch16_224", metadata: false) {
      ($0.mean, $0.std) = ([0.5], [0.5])
    }
    #expect(given.note?.contains("also") == false)
    #expect(
      try shaped("vit_tiny_patch16_384", metadata: false).configuration.model
        == "vit_tiny_patch16_384")
  }
}
