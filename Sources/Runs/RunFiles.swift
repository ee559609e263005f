import Foundation

/// The names of what is in the folder of a run.
package enum RunFiles {
  package static let configuration = "config.yaml"
  /// An ``EpochRecord`` a line.
  package static let log = "log.jsonl"
  /// A ``StepRecord`` a line.
  package static let steps = "steps.jsonl"
  /// A ``LocalityRecord`` a line.
  package static let locality = "locality.jsonl"
  package static let attention = "attention"
  /// What `convit symmetry --output-dir` writes, into the folder of a run or another.
  package static let symmetry = "symmetry.json"
  package static let report = "report.html"
  /// What is known of a step that was not finite.
  package static let nonFiniteStep = "nonfinite.json"
  /// The messages of a run that a grid or a search trained.
  package static let console = "console.txt"
  /// Why such a run has failed.
  package static let failure = "failed.txt"
  /// The weights after the last epoch.
  package static let model = "model.safetensors"
  /// The moving average after the last epoch.
  package static let average = "model_ema.safetensors"
  /// The weights of the highest accuracy after any epoch.
  package static let best = "best.safetensors"
  package static let checkpoint = "checkpoint.safetensors"
  package static let previousCheckpoint = "checkpoint.previous.safetensors"
  /// There until a run first saves something: the other files are then its own.
  package static let unfinished = ".unfinished"

  /// A line for each run of a grid that has ended or failed.
  package static let runs = "runs.csv"

  /// Where the run of a grid is, below the grid's folder: `5/ConViT/seed-0`.
  package static func folder(row: String, column: String, seed: some BinaryInteger) -> String {
    "\(fileName(row))/\(fileName(column))/seed-\(seed)"
  }

  /// A name without what file systems or shells take for something else.
  package static func fileName(_ name: String) -> String {
    let kept = name.unicodeScalars.map { scalar in
      CharacterSet.alphanumerics.contains(scalar) || "-.+".unicodeScalars.contains(scalar)
        ? String(scalar) : "-"
    }
    let text = kept.joined().split(separator: "-").joined(separator: "-")
    return text.isEmpty || text.hasPrefix(".") ? "-" + text : text
  }

  /// The weights after an epoch, where they are kept.
  package static func model(after epoch: Int) -> String {
    "model_" + String(format: "%04d", epoch) + ".safetensors"
  }
}
