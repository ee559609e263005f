import Files
import Runs

/// The numbers of a run that figures show.
struct LoggedRun {
  /// What figures call the run.
  let name: String
  let epochs: [EpochNumbers]
  let surveys: [LocalityRecord]

  /// Reads the logs in the folder of a run.
  init(_ folder: String, name: String) throws {
    self.name = name
    try RunRecord.requireRun(folder)
    let locality = "\(folder)/\(RunFiles.locality)"
    epochs = try JSONLines("\(folder)/\(RunFiles.log)").all()
    surveys = try JSONLines(locality).all()
    if let reason = Self.fault(in: surveys) { throw FileError(path: locality, reason: reason) }
  }

  /// Why the surveys cannot be of one model, if so.
  private static func fault(in surveys: [LocalityRecord]) -> String? {
    func shape(_ survey: LocalityRecord) -> [[Int]] {
      survey.report.layers.map { [$0.nonlocality.count, $0.gate?.count ?? 0] }
    }
    for (index, survey) in surveys.enumerated() {
      if shape(survey) != shape(surveys[0]) {
        return "line \(index + 1) has other layers or heads than line 1"
      }
      let layers = survey.report.layers
      if layers.isEmpty || layers.contains(where: { $0.nonlocality.isEmpty || $0.gate == [] }) {
        return "line \(index + 1) has no layers or heads"
      }
    }
    return nil
  }
}
