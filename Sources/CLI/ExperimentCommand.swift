import ArgumentParser
import Files
import Foundation
import Recipes
import Runs
import Training

struct ExperimentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "experiment",
    abstract: "Train a grid of models, and make a table of the results.",
    discussion: """
      The file names rows, columns and seeds; each run gets a folder of its own in OUT, and \
      table.md, table.tex, table.csv (means and deviations) and runs.csv grow with each. The same \
      command resumes what was stopped. Started several times at once, also on other computers \
      that share OUT, it takes the runs that no other process has, and all end with the same \
      table. --task divides them among the jobs of an array instead.

      A run that fails does not stop the others: the table names it, the command exits with 1, and \
      tries it again when it is started again.
      """)

  @Argument(help: "A YAML file; see Configs/experiments.") var file: String
  @Option(help: .folder("The folder of images, or a CSV file of paths and labels.")) var dataPath:
    String
  @Option(help: .folder("The folder to write runs and tables to.")) var outputDir: String
  @Flag(help: "A shorter form that the file has.") var form: ExperimentPlan.Form?
  @Option(
    .value(
      "I/N", "Only every N-th run, from the I-th on: task I of N, counted from 1, of an array."))
  var task: TaskShare?
  @Flag(help: "Print the runs and do nothing.") var dryRun = false
  @Flag(help: "Print the runs and how far each is, and do nothing.") var list = false
  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    guard let task, !task.isOne else { return }
    throw ValidationError(
      "task is I/N, the I-th of N tasks, with I from 1 to N: 3/24; found \(task.description)")
  }

  func run() throws {
    let plan = try ExperimentPlan(contentsOf: file, form: form)
    let numbered = plan.runs.enumerated().map { (number: $0.offset + 1, run: $0.element) }
    let own = numbered.filter { task?.has($0.number) ?? true }
    guard !dryRun else {
      for (_, run) in own { try Terminal.result(run.folder) }
      return
    }
    guard !list else {
      let rows = try own.map {
        ["\($0.number)", $0.run.folder, try $0.run.state(in: outputDir).text]
      }
      for line in aligned(rows, texts: [1, 2]) { try Terminal.result(line) }
      return
    }
    if own.isEmpty {
      Terminal.write("note: the grid has \(plan.runs.count) runs, and none for this task\n")
    }
    let (output, work) = (try OutputFolder(outputDir), ExperimentWork(plan, in: outputDir))
    var waiting = WaitingForOthers(ofA: "experiment")
    try write(work, to: output)  // so that the folder is one of a grid from the start
    // Another process may have begun to try again what failed here.
    while try own.contains(where: { try !work.isSettled($0.run) }) {
      try SharedWork.each(of: own) {
        try waiting($0)
      } attempt: { number, run in
        try work.attempt(run) {
          try waiting.stopIfAsked()
          Terminal.write("run \(number)/\(plan.runs.count): \(run.folder)\n")
          try run.train(
            below: outputDir, on: dataPath, threads: threads.threads, ofA: "experiment")
        } ended: {
          if let failure = $0 { Terminal.error("\(run.folder): failed: \(failure)") }
          try write(work, to: output)
        }
      }
    }
    try Terminal.result(String(try write(work, to: output).markdown.dropLast()))
    let failed = try own.count { try !work.isDone($0.run) }
    guard failed == 0 else {
      throw TrainingError(
        "\(outputDir): \(failed) of \(counted(own.count, "run", "runs")) failed, as table.md says; "
          + "the same command tries again, or remove a run's folder to begin it anew")
    }
  }

  @discardableResult
  private func write(_ work: ExperimentWork, to output: OutputFolder) throws -> ExperimentTable {
    try work.writeTable { table in
      try output.write(table.markdown, to: "table.md")
      try output.write(table.latex, to: "table.tex")
      try output.write(table.csv, to: "table.csv")
      try output.write(table.runs, to: RunFiles.runs)
    }
  }
}

/// What one task of an array has to do: `3/24`, the third of 24.
struct TaskShare: ExpressibleByArgument, CustomStringConvertible {
  private let place, count: Int

  init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let place = parts[0], let count = parts[1] else { return nil }
    (self.place, self.count) = (place, count)
  }

  /// Whether it is one of those that there are.
  var isOne: Bool { place >= 1 && place <= count }
  var description: String { "\(place)/\(count)" }

  /// Whether it is the task of the `number`-th run, counted from 1.
  func has(_ number: Int) -> Bool { (number - place).isMultiple(of: count) }
}

extension ExperimentPlan.State {
  var text: String {
    func epochs(_ count: Int) -> String { counted(count, "epoch", "epochs") }
    switch self {
    case .done(let record):
      return "done" + (record.testAcc1.map { String(format: ", acc@1 %.2f", $0) } ?? "")
    case .failed(let message): return "failed: \(message)"
    case .running(let count): return "running, \(epochs(count)) done"
    case .begun(let count): return "begun, \(epochs(count)) done"
    case .waiting: return "waiting"
    }
  }
}

extension ExperimentPlan.Run {
  /// Trains the run in its folder below `folder`, from where it stopped, to its end or until so
  /// many epochs are done. What is said meanwhile is in `console.txt` there, too. Whoever stops it
  /// is told that the same command resumes the whole, an `experiment`.
  func train(
    below folder: String, on dataPath: String, threads: Int?, until epochs: Int? = nil,
    ofA whole: String
  ) throws {
    var configuration = configuration
    configuration.dataPath = dataPath
    let path = "\(folder)/\(self.folder)"
    configuration.outputDir = path
    configuration.resume = "auto"
    configuration.threads = threads ?? configuration.threads
    do {
      try Terminal.copying(to: "\(path)/\(RunFiles.console)") {
        try TrainCommand.train(configuration, until: epochs)
      }
    } catch let stop as ExitCode {
      Terminal.write("note: the same command resumes the \(whole)\n")
      throw stop
    }
  }
}

extension ExperimentPlan.Form: EnumerableFlag {}
