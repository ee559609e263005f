import Autodiff

/// Looks on while a model is trained, and remembers what it has seen: what it remembers is a part
/// of the run's checkpoints, so that a run that resumes is seen as one that was never stopped.
public protocol TrainingObserver: Sendable {
  /// Is told of a training that is about to make its first step.
  mutating func begin(_ learner: Learner) throws
  /// Is told what came of a step, and of the learner after it.
  mutating func observe(_ step: StepResult, _ learner: Learner) throws
  /// Is told that so many epochs are done.
  mutating func endEpoch(_ done: Int, _ learner: Learner) throws
  /// Whether it has seen enough after an epoch: the training then ends as after its last.
  var isSatisfied: Bool { get }
  /// Puts what it remembers into a snapshot, under names that begin with its own.
  func save(to snapshot: inout Snapshot)
  /// Takes it out again; `tree` is of the parameters that are trained.
  ///
  /// - Throws: `TrainingError` if the snapshot has not what this observer remembers.
  mutating func restore(_ snapshot: Snapshot, of tree: ParameterTree) throws
}
