import ArgumentParser
import Foundation
import Training

/// Runs the command line: an error is one line on standard error and an exit code.
@main enum Main {
  static func main() {
    signal(SIGPIPE, SIG_IGN)  // a reader that has gone, as `| head`, is no reason to crash
    do {
      var command = try Convit.parseAsRoot(arguments(CommandLine.arguments.dropFirst()))
      try command.run()
    } catch {
      exit(with: error)
    }
  }

  /// The arguments with the spellings of the reference's flags brought to ours: underscores are
  /// dashes, and `--embed_dim` is there the width of one head.
  static func arguments(_ given: some Sequence<String>) -> [String] {
    given.map { argument in
      guard argument.hasPrefix("--") else { return argument }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      var name = parts[0].replacingOccurrences(of: "_", with: "-")
      if name == "--embed-dim" { name = "--head-dim" }
      return ([name] + parts.dropFirst().map(String.init)).joined(separator: "=")
    }
  }

  private static func exit(with error: any Error) -> Never {
    let code = Convit.exitCode(for: error)
    if code == .success {  // --help, --version
      print(Convit.fullMessage(for: error))
      Foundation.exit(0)
    }
    let isUsage = code == .validationFailure || (error as? TrainingError)?.isUsage == true
    let line = Convit.message(for: error).split(separator: "\n").joined(separator: " ")
    Terminal.write("convit: \(line)\(isUsage ? " (see convit --help)" : "")\n")
    Foundation.exit(isUsage ? 2 : 1)
  }
}
