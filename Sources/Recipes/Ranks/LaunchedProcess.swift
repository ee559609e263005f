import Foundation

/// What the environment says of the processes that `mpirun` or `srun` has started together.
package struct LaunchedProcess: Equatable, Sendable {
  /// The number of this one, and how many they are.
  package let rank, count: Int

  /// The variables of Open MPI; of MPICH and of Slurm's PMI-2; of Slurm's PMIx; and of a step of
  /// Slurm without either, in which MPI finds no others.
  private static let variables = [
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), ("PMI_RANK", "PMI_SIZE"),
    ("PMIX_RANK", "SLURM_STEP_NUM_TASKS"), ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),
  ]

  /// This process, if it is one of several.
  package init?(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
    for (rank, count) in Self.variables {
      guard let rank = environment[rank].flatMap(Int.init), rank >= 0,
        let count = environment[count].flatMap(Int.init), count > 1
      else { continue }
      (self.rank, self.count) = (rank, count)
      return
    }
    return nil
  }
}
