import Runs
import Training

/// How far a run has come: beside the learner, all that changes in its course.
package struct RunProgress: Hashable, Sendable {
  /// The epoch that is under way, from 0; the number of epochs when the run has ended.
  package var epoch = 0
  package var step = 0
  package var images = 0
  /// The images that could not be read and were left out of these steps.
  package var badImages = 0
  package var lossSum = 0.0
  package var rate = 0.0
  package var seconds = 0.0
  /// The highest accuracy of an epoch; −∞ before the first.
  package var best = -Double.infinity
  /// Evaluations since the one of the highest accuracy.
  package var stale = 0
  /// The steps of the whole run that were left out because they were not finite.
  package var skipped = 0
  /// The rounds of pruning that are made.
  package var rounds = 0

  package var plateau = LearningRateSchedule.Plateau()

  package init() {}

  mutating func endEpoch() {
    var next = RunProgress()
    (next.epoch, next.best, next.skipped, next.plateau) = (epoch + 1, best, skipped, plateau)
    (next.stale, next.rounds) = (stale, rounds)
    self = next
  }

  /// Begins a round of pruning: what accuracies were before is no measure of what they can be.
  mutating func beginRound() {
    rounds += 1
    (best, stale) = (-.infinity, 0)
    (plateau.best, plateau.badEpochs) = (RunProgress().plateau.best, 0)
  }

  init(_ snapshot: Snapshot) throws {
    let later = ["stale", "pruning.rounds"]  // than the first checkpoints
    for (name, value) in Self.integers where !later.contains(name) || snapshot.has(name) {
      self[keyPath: value] = try snapshot.integer(name)
    }
    for (name, value) in Self.doubles { self[keyPath: value] = try snapshot.double(name) }
  }

  func save(to snapshot: inout Snapshot) {
    for (name, value) in Self.integers { snapshot.put(self[keyPath: value], as: name) }
    for (name, value) in Self.doubles { snapshot.put(self[keyPath: value], as: name) }
  }

  /// The whole numbers under their names in a checkpoint.
  package static let integers: [(String, WritableKeyPath<RunProgress, Int> & Sendable)] = [
    ("epoch", \.epoch), ("step", \.step), ("images", \.images), ("bad_images", \.badImages),
    ("skipped", \.skipped), ("plateau.bad_epochs", \.plateau.badEpochs),
    ("plateau.drops", \.plateau.drops), ("stale", \.stale),
    ("pruning.rounds", \.rounds),
  ]
  /// The other numbers under their names in a checkpoint.
  package static let doubles: [(String, WritableKeyPath<RunProgress, Double> & Sendable)] = [
    ("loss_sum", \.lossSum), ("rate", \.rate), ("seconds", \.seconds), ("best", \.best),
    ("plateau.best", \.plateau.best),
  ]
}

extension EpochRecord {
  init(
    _ progress: RunProgress, test: ClassificationTotals?, averageTest: ClassificationTotals?,
    badImages: Int, parameters: Int
  ) {
    func numbers(_ totals: ClassificationTotals) -> Test {
      (totals.meanLoss, totals.accuracy1, totals.accuracy5)
    }
    self.init(
      epoch: progress.epoch, trainLoss: progress.lossSum / Double(progress.images),
      trainLr: progress.rate, test: test.map(numbers), averageTest: averageTest.map(numbers),
      badImages: badImages, parameters: parameters, seconds: progress.seconds)
  }
}
