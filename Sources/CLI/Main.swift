import ArgumentParser
import Autodiff
import Foundation
import Recipes
import Training

/// Runs the command line: an error is one line on standard error and an exit code.
@main enum Main {
  static func main() {
    signal(SIGPIPE, SIG_IGN)  // a reader that has gone, as `| head`, is no reason to crash
    signal(SIGXFSZ, SIG_IGN)  // a limit on files is an error of the write
    do {
      MemoryShortage.setHandler { bytes in
        Terminal.error("out of memory: \(bytes) bytes more are not to be had")
        _exit(1)
      }
      let (arguments, notes) = try prepared(Array(CommandLine.arguments.dropFirst()))
      var command = try Convit.parseAsRoot(arguments)
      let launched = LaunchedProcess()
      try checkTogether(launched, command: arguments.first ?? "")
      if launched?.rank ?? 0 == 0 { for note in notes { Terminal.write("note: \(note)\n") } }
      try command.run()
    } catch {
      exit(with: error)
    }
  }

  /// Throws for a command that is the work of one process and that several were started of.
  private static func checkTogether(_ launched: LaunchedProcess?, command: String) throws {
    let shared = ["train", "bench", "experiment", "search", "ticket"]
    guard let launched, !shared.contains(command), !command.hasPrefix("-") else { return }
    guard launched.rank == 0 else { throw ExitCode(2) }
    throw TrainingError(
      usage: "\(launched.count) processes were started together, and each would do all of the "
        + "work of 'convit \(command)': start one, without mpirun or srun --ntasks")
  }

  /// The arguments as the parser takes them, and notes about what was changed.
  ///
  /// - Throws: `ValidationError` for what no command has, with what may have been meant.
  static func prepared(_ given: [String]) throws -> (arguments: [String], notes: [String]) {
    try checkLinearGap(given)
    let (arguments, notes) = ReferenceFlags.removed(from: spelled(given))
    if arguments.first == "help" { try GivenFlags(Array(arguments.dropFirst())).checkCommand() }
    var flags = GivenFlags(arguments)
    try flags.check()
    flags.keepLast()
    return (flags.arguments, notes + flags.notes)
  }

  /// The arguments with the spellings of the reference's flags brought to ours: underscores are
  /// dashes, `--embed_dim` is there the width of one head, and `--ThreeAugment` a policy.
  static func spelled(_ given: [String]) -> [String] {
    var flags = given.prefix { $0 != "--" }
    if flags.first == "symmetry", let place = flags.firstIndex(of: "--linear-gap") {
      flags.remove(at: place)  // a command of its own, as it needs neither weights nor data
      flags[0] = LinearGapCommand.configuration.commandName ?? ""
    }
    return flags.map { $0.hasPrefix("--") ? ours($0) : $0 } + given.drop { $0 != "--" }
  }

  /// Throws if the closed form for linear models is asked for of a model.
  private static func checkLinearGap(_ given: [String]) throws {
    let flags = given.prefix { $0 != "--" }.map { $0.prefix { $0 != "=" } }
    guard flags.first == "symmetry", flags.contains("--linear-gap"),
      let other = flags.first(where: { ["--weights", "--data-path", "--data_path"].contains($0) })
    else { return }
    throw ValidationError(
      "--linear-gap is the closed form for linear models and takes no \(other): leave out "
        + "--linear-gap to measure a model on images")
  }

  private static func ours(_ flag: String) -> String {
    let parts = flag.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    var name = parts[0].replacingOccurrences(of: "_", with: "-")
    if name == "--embed-dim" { name = "--head-dim" }
    if ["--ThreeAugment", "--three-augment"].contains(flag) { return "--aa=3a" }
    return ([name] + parts.dropFirst().map(String.init)).joined(separator: "=")
  }

  private static func exit(with error: any Error) -> Never {
    Foundation.exit(report(error).rawValue)
  }

  /// What a process ends with that an error has stopped: 2 if the command was wrong.
  static func exitCode(for error: any Error) -> ExitCode {
    if let code = error as? ExitCode { return code }
    let code = Convit.exitCode(for: error)
    let isUsage = code == .validationFailure || (error as? TrainingError)?.isUsage == true
    return isUsage ? ExitCode(2) : code == .success ? .success : ExitCode(1)
  }

  /// Writes what has stopped the command, unless all is said.
  static func report(_ error: any Error) -> ExitCode {
    let code = exitCode(for: error)
    if error is ExitCode { return code }
    if code == .success {  // --help, --version
      print(Convit.fullMessage(for: error))
      return code
    }
    let line = Convit.message(for: error).split(separator: "\n").joined(separator: " ")
    let name = CommandLine.arguments.dropFirst().first ?? ""
    guard code == ExitCode(2) else {
      Terminal.error(line + (hint(for: error, command: name).map { " (\($0))" } ?? ""))
      return code
    }
    // The parser says which command it had come to: "See 'convit train --help' for …".
    let parts = Convit.fullMessage(for: error).split(separator: "'")
    let hint = parts.last { $0.hasPrefix("convit ") && $0.hasSuffix(" --help") }
    // What is found later has no such hint: the command is what was typed.
    let commands = Convit.configuration.groupedSubcommands.flatMap(\.subcommands)
    let isCommand = commands.contains { $0._commandName == name }
    let command =
      hint.flatMap { $0 == "convit --help" ? nil : $0 }
      ?? (isCommand ? "convit \(name) --help" : "convit --help")
    Terminal.error("\(line) (see \(command))")
    return code
  }
}
