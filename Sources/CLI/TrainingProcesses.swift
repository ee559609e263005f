import ArgumentParser
import Autodiff
import Foundation
import MPIRanks
import Recipes
import Training

/// The processes of a training that `mpirun` or `srun` has started together.
enum TrainingProcesses {
  /// Runs what all of them do, each with its place among them; a process by itself is alone. An
  /// error that stops all is told once, by the first of them.
  static func run(_ body: (any ProcessGroup) throws -> Void) throws {
    guard let launched = LaunchedProcess() else { return try body(SingleProcess()) }
    #if MPI
      // Once asked to stop, it does not wait for one that has died until the launcher kills it.
      let group = try MPIGroup { .seconds(StopSignals.haveCome ? 15 : 1800) }
      guard group.count == launched.count else {
        throw TrainingError(
          "\(launched.count) processes were started together, and \(group.library), which this "
            + "convit is built with, sees \(group.count): start them by its own mpirun, or by srun "
            + "with --mpi=pmix or another that srun --mpi=list names")
      }
      do {
        try group.agreeing { try body(group) }
      } catch let error as MPIError {
        throw error  // there is nobody to agree with any more
      } catch {
        // The launcher ends all when one has ended with an error, so the first speaks before that.
        let code = group.rank == 0 ? Main.report(error) : Main.exitCode(for: error)
        _ = try? group.gather([])
        group.finish()
        throw code
      }
      group.finish()
    #else
      if launched.rank > 0 { throw ExitCode(2) }
      throw TrainingError(
        usage: "\(launched.count) processes were started together, and this build trains in one: "
          + "swift build -c release --product convit --traits MPI makes one that trains in all")
    #endif
  }
}
