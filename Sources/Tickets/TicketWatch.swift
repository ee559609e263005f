import Autodiff
import ConViT
import Pruning
import Training

/// What a round of a search for tickets sees of its training: which examples were right when they
/// were trained on, the mask that each epoch would leave, and the weights of a step. A value, of
/// which checkpoints hold all that changes.
public struct TicketWatch: TrainingObserver {
  /// How often each example of the round was forgotten.
  public private(set) var forgetting: ForgettingCounts
  /// The mask that the last epoch would leave; nil before the first ends.
  public private(set) var candidate: ParameterMasks?
  /// How far each epoch's mask was from the one before, from the second epoch on.
  public private(set) var distances: [Double] = []
  private let cut: GlobalCut
  private let kept: Int
  private let before: ParameterMasks?
  private var earlyBird: EarlyBird?
  private let rewind: Rewind?

  /// The step whose weights are kept, and what keeps them.
  public struct Rewind: Sendable {
    let step: Int
    let keep: @Sendable (ParameterStore) throws -> Void

    /// `keep` is called with the weights after `step` steps, those of the start after none; once
    /// more, with the same bits, if the training resumes from before that step.
    public init(
      after step: Int, _ keep: @escaping @Sendable (ParameterStore) throws -> Void
    ) {
      (self.step, self.keep) = (step, keep)
    }
  }

  /// A watch over a training on some examples, by their indices.
  ///
  /// - Parameters:
  ///   - indices: of the examples.
  ///   - kept: the weights that the cut leaves after the round, of those that `masks` keep.
  ///   - masks: what is pruned already; nil: nothing.
  ///   - cut: how weights are chosen.
  ///   - earlyBird: when the round may end; nil: with its last epoch.
  ///   - rewind: the weights to keep; nil: none.
  public init(
    over indices: [Int], keeping kept: Int, of masks: ParameterMasks?, by cut: GlobalCut,
    earlyBird: EarlyBird? = nil, rewind: Rewind? = nil
  ) {
    forgetting = ForgettingCounts(of: indices)
    (self.kept, before, self.cut) = (kept, masks, cut)
    (self.earlyBird, self.rewind) = (earlyBird, rewind)
  }

  /// Keeps the weights of the start, if it is these that are gone back to.
  public mutating func begin(_ learner: Learner) throws {
    if rewind?.step == 0 { try rewind?.keep(learner.weights) }
  }

  /// Counts what was right, and keeps the weights of the step that is gone back to.
  public mutating func observe(_ step: StepResult, _ learner: Learner) throws {
    for example in step.examples {
      forgetting.add(
        example.index, isRight: example.predicted == example.label, loss: example.loss)
    }
    if learner.optimizer.steps == rewind?.step { try rewind?.keep(learner.weights) }
  }

  /// Makes the mask that the epoch would leave, and compares it with the one before.
  public mutating func endEpoch(_ done: Int, _ learner: Learner) throws {
    let tree = learner.weights.tree
    let masks = cut.masks(
      keeping: kept, of: learner.weights, by: PruningRule(.magnitude), within: before)
    if let candidate {
      let distance = masks.distance(to: candidate, of: cut.remaining(in: tree, within: before))
      distances.append(distance)
      earlyBird?.add(distance, after: done)
    }
    candidate = masks
    stepsDone = learner.optimizer.steps
  }

  /// Whether the mask has stopped to move, and the weights to go back to are kept.
  public var isSatisfied: Bool {
    earlyBird?.isFound ?? false && stepsDone >= rewind?.step ?? 0
  }
  private var stepsDone = 0
}

extension TicketWatch {
  /// Puts all that changes into a snapshot, under `ticket.`
  public func save(to snapshot: inout Snapshot) {
    forgetting.save(to: &snapshot, as: "ticket.forgetting")
    earlyBird?.save(to: &snapshot, as: "ticket.early_bird")
    snapshot.put(stepsDone, as: "ticket.steps")
    snapshot.put(distances.count, as: "ticket.distances")
    for (place, distance) in distances.enumerated() {
      snapshot.put(distance, as: "ticket.distance.\(place)")
    }
    guard let candidate else { return }
    for (name, mask) in zip(candidate.tree.names, candidate.values) {
      if let mask { snapshot.put(mask, as: "ticket.candidate.\(name)") }
    }
  }

  /// Takes it out again; `tree` is of the parameters that are trained.
  public mutating func restore(_ snapshot: Snapshot, of tree: ParameterTree) throws {
    try forgetting.restore(snapshot, as: "ticket.forgetting")
    try earlyBird?.restore(snapshot, as: "ticket.early_bird")
    stepsDone = try snapshot.integer("ticket.steps")
    distances = try (0..<snapshot.integer("ticket.distances")).map {
      try snapshot.double("ticket.distance.\($0)")
    }
    let names = cut.selection.slots(in: tree).filter {
      snapshot.has("ticket.candidate.\(tree.names[$0])")
    }
    guard !names.isEmpty else { return candidate = nil }
    var masks = ParameterMasks(tree)
    for slot in names {
      masks[slot: slot] = try snapshot.tensor(
        "ticket.candidate.\(tree.names[slot])", tree.parameters[slot].shape)
    }
    candidate = masks
  }
}
