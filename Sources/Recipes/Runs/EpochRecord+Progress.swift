import Runs
import Training

/// A line of a run's `steps.jsonl`.
package typealias StepRecord = Runs.StepRecord
/// A line of a run's `log.jsonl`.
package typealias EpochRecord = Runs.EpochRecord

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
