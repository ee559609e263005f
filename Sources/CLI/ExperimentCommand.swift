import ArgumentParser
import Files
import Foundation
import Recipes

struct ExperimentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "experiment",
    abstract: "Train a grid of models, and make a table of the results.",
    discussion: """
      The file names rows, columns and seeds; each run gets a folder of its own in OUT, and \
      table.md, table.csv (means and deviations) and runs.csv grow with each. The same command \
      goes on where it stopped.
      """)

  @Argument(help: "A YAML file; see Configs/experiments.") var file: String
  @Option(help: .folder("The folder of images, or a CSV file of paths and labels.")) var dataPath:
    String
  @Option(help: .folder("The folder to write runs and tables to.")) var outputDir: String
  @Flag(help: "The short form that the file has.") var quick = false
  @Flag(help: "Print the runs and do nothing.") var dryRun = false
  @OptionGroup var threads: ThreadOptions

  func run() throws {
    let plan = try ExperimentPlan(contentsOf: file, quick: quick)
    guard !dryRun else {
      for run in plan.runs { try Terminal.result(run.folder) }
      return
    }
    let output = try OutputFolder(outputDir)
    var table = ExperimentTable(plan)
    for run in plan.runs {
      if let record = try run.result(in: outputDir) { table.add(run, record) }
    }
    for (index, run) in plan.runs.enumerated() {
      Terminal.write("run \(index + 1)/\(plan.runs.count): \(run.folder)\n")
      try run.train(
        below: outputDir, on: dataPath, threads: threads.threads, ofA: "experiment")
      if let record = try run.result(in: outputDir) { table.add(run, record) }
      try output.write(table.markdown, to: "table.md")
      try output.write(table.csv, to: "table.csv")
      try output.write(table.runs, to: "runs.csv")
    }
    try Terminal.result(String(table.markdown.dropLast()))
  }
}

extension ExperimentPlan.Run {
  /// Trains the run in its folder below `folder`, from where it stopped, to its end or until so
  /// many epochs are done; whoever stops it is told that the same command resumes the whole, an
  /// `experiment`.
  func train(
    below folder: String, on dataPath: String, threads: Int?, until epochs: Int? = nil,
    ofA whole: String
  ) throws {
    var configuration = configuration
    configuration.dataPath = dataPath
    configuration.outputDir = "\(folder)/\(self.folder)"
    configuration.resume = "auto"
    configuration.threads = threads ?? configuration.threads
    do {
      try TrainCommand.train(configuration, until: epochs)
    } catch let stop as ExitCode {
      Terminal.write("note: the same command resumes the \(whole)\n")
      throw stop
    }
  }
}
