import ArgumentParser
import Files
import Foundation

/// The waiting of a command for runs that other processes on its folder train.
struct WaitingForOthers {
  private let hint: String
  private var told: Int?

  /// - Parameters:
  ///   - whole: what the command resumes: `experiment`.
  ///   - command: how to start it again.
  init(ofA whole: String, with command: String = "the same command") {
    hint = "\(command) resumes the \(whole)"
    StopSignals.watch()
  }

  /// Waits a second for some of the `count` runs that others have; says so once for each number.
  ///
  /// - Throws: an `ExitCode` if a signal asks the process to stop.
  mutating func callAsFunction(_ count: Int) throws {
    if told != count {
      let runs = counted(count, "run that another process has", "runs that other processes have")
      Terminal.write("note: waiting for \(runs)\n")
    }
    told = count
    sleep(1)  // which a signal ends
    try stopIfAsked()
  }

  func stopIfAsked() throws {
    guard StopSignals.haveCome else { return }
    Terminal.write("note: \(hint)\n")
    throw ExitCode(StopSignals.exitCode)
  }
}
