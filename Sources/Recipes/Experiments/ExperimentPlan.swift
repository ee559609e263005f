import Foundation
import Runs
import Training
import Yams

/// A grid of training runs and the table that comes of them: what `convit experiment` reads.
///
/// Rows × columns × seeds, each a run whose configuration is `base` with the row's and the column's
/// settings in their place; docs/GRIDS.md shows the file.
package struct ExperimentPlan: Sendable {
  package let title: String
  /// Configurations of the runs, and where they stand in the table.
  package let runs: [Run]
  package let rows, columns: [String]
  /// What is measured at the end of a run, as `RunMeasures` calls it.
  package let measures: [String]
  /// The two columns whose relative difference the table has, if any.
  package let gap: Gap?
  /// The row that the others are compared with, if any.
  package let reference: Int?
  /// Words beside a row's name, by column of words; empty where there are none.
  package let marks: [(name: String, byRow: [String])]

  package struct Run: Sendable {
    package let row, column: Int
    package let seed: UInt64
    package let configuration: TrainingConfiguration
    /// Its folder, below that of the experiment: `5 %/ConViT/seed-0`, made safe for file systems.
    package let folder: String
  }

  /// (of − over) / over of two columns, in percent.
  package struct Gap: Sendable, Hashable {
    package let of, over: Int
  }

  /// A shorter form that a file may have, under a key of this name.
  package enum Form: String, Sendable, CaseIterable {
    case quick, middle
  }

  package init(contentsOf path: String, form: Form? = nil) throws {
    let file = try ExperimentFile(contentsOf: path, form: form)
    title = file.title
    rows = file.rows.map(\.name)
    let columns = file.columns.map(\.name)
    self.columns = columns
    measures = file.measures
    marks = file.marks
    reference = rows.firstIndex { $0 == file.reference }
    gap = try file.gap.map { gap in
      guard let of = columns.firstIndex(of: gap.of), let over = columns.firstIndex(of: gap.over)
      else {
        throw TrainingError(
          usage: "\(path): gap is between columns, of which there are "
            + columns.joined(separator: ", "))
      }
      return Gap(of: of, over: over)
    }
    var runs: [Run] = []
    let base = try TrainingConfiguration(
      settings: file.base, of: path, over: TrainingConfiguration())
    for (r, row) in file.rows.enumerated() {
      for (c, column) in file.columns.enumerated() {
        var configuration = try TrainingConfiguration(
          settings: row.settings, of: path, over: base)
        configuration = try TrainingConfiguration(
          settings: column.settings, of: path, over: configuration)
        for seed in file.seeds {
          configuration.seed = seed
          runs.append(
            Run(
              row: r, column: c, seed: seed, configuration: configuration,
              folder: RunFiles.folder(row: row.name, column: column.name, seed: seed)))
        }
      }
    }
    for run in runs where run.seed == file.seeds.first {
      do {
        try run.check()
      } catch let error as TrainingError {
        let place = "\(rows[run.row]), \(columns[run.column])"
        throw TrainingError(usage: "\(path): \(place): \(error.message)")
      }
    }
    for measure in measures where !runs.contains(where: { $0.configuration.measures(measure) }) {
      throw TrainingError(
        usage: "\(path): no run measures \(measure): where heads look takes locality-every, gates "
          + "a layer that is GPSA, and ema_ takes model-ema")
    }
    self.runs = runs
    let folders = Set(runs.map(\.folder))
    guard folders.count == runs.count else {
      throw TrainingError(usage: "\(path): two rows, columns or seeds have the same name")
    }
  }
}

extension ExperimentPlan.Run {
  /// The last epoch of the run in its folder below `folder`, or the one with which so many were
  /// done; nil while it has not come so far.
  package func result(in folder: String, after epochs: Int? = nil) throws -> EpochRecord? {
    let path = "\(folder)/\(self.folder)"
    var asked = configuration
    (asked.outputDir, asked.resume) = (path, "auto")
    guard let checkpoint = try Checkpoint.requested(by: asked).checkpoint else { return nil }
    let (began, length) = (checkpoint.configuration.scaledEpochs, configuration.scaledEpochs)
    guard began == length else {
      throw TrainingError(
        usage: "\(path): the run there is of epochs \(began), the experiment of \(length); "
          + "choose another folder")
    }
    if let epochs {
      guard checkpoint.progress.epoch >= epochs else { return nil }
      return RunFolder.records(of: path).first { $0.epoch == epochs - 1 }
    }
    let hasEnded = configuration.hasEnded(checkpoint.progress)
    return hasEnded ? RunFolder.records(of: path).last : nil
  }

  /// Throws what is wrong with the settings, so that no run fails when others have trained.
  func check() throws {
    try configuration.validate()
    try configuration.validateModel()
    for (name, path) in [
      ("finetune", configuration.finetune), ("ticket", configuration.ticket),
      ("prac-set", configuration.pracSet), ("teacher-path", configuration.teacherPath),
      (
        "class-weights", configuration.classWeights == "balanced" ? nil : configuration.classWeights
      ),
    ] {
      guard let path, !FileManager.default.fileExists(atPath: path) else { continue }
      throw TrainingError(usage: "\(name): there is no file \(path)")
    }
  }
}
