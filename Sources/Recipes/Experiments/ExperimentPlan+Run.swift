import Autodiff
import ConViT
import Foundation
import Training

extension ExperimentPlan.Run {
  /// The last epoch of the run in its folder below `folder`; nil while it has not ended.
  ///
  /// - Throws: `TrainingError` if the run there is of another length, as it would go on with rates
  ///   of the new one; what `Checkpoint` throws.
  package func result(in folder: String) throws -> EpochRecord? {
    let path = "\(folder)/\(self.folder)"
    var asked = configuration
    (asked.outputDir, asked.resume) = (path, "auto")
    guard let checkpoint = try Checkpoint.requested(by: asked).checkpoint else { return nil }
    let (began, length) = (checkpoint.configuration.scaledEpochs, configuration.scaledEpochs)
    guard began == length else {
      throw TrainingError(
        "\(path): the run there is of epochs \(began), the experiment of \(length); "
          + "choose another folder")
    }
    let hasEnded = configuration.hasEnded(checkpoint.progress)
    return hasEnded ? RunFolder.records(of: path).last : nil
  }

  /// Throws what is wrong with the settings, so that no run fails when others have trained.
  func check() throws {
    try configuration.validate()
    try configuration.validateModel()
    for (name, path) in [
      ("finetune", configuration.finetune), ("teacher-path", configuration.teacherPath),
      (
        "class-weights", configuration.classWeights == "balanced" ? nil : configuration.classWeights
      ),
    ] {
      guard let path, !FileManager.default.fileExists(atPath: path) else { continue }
      throw TrainingError(usage: "\(name): there is no file \(path)")
    }
  }
}
