import Locality

/// A line of `log.jsonl`: the keys of the reference's log. Those of an evaluation are there if the
/// epoch had one (`--eval-every`). Those about heads, which are there after a measurement only
/// (`--locality-every`), are in ``LocalityRecord``, too.
package struct EpochRecord: Sendable, Codable, Hashable {
  /// The epoch, from 0.
  package let epoch: Int
  /// The mean loss over the epoch's images, smoothing included, each before its step.
  package let trainLoss: Double
  /// The learning rate of the epoch's last step.
  package let trainLr: Double
  /// The mean cross-entropy over the validation images, without smoothing.
  package let testLoss: Double?
  /// Validation images whose class is the first, and among the first five, in percent.
  package let testAcc1, testAcc5: Double?
  /// Images of the epoch, to train and to test on, that could not be read and were skipped.
  package let badImages: Int
  /// The same as of `test` for the moving average, if one is kept.
  package let emaTestLoss, emaTestAcc1, emaTestAcc5: Double?
  /// The numbers that are trained.
  package let parameters: Int
  /// Seconds of training, without the evaluation.
  package let seconds: Double

  package enum CodingKeys: String, CodingKey, CaseIterable {
    case epoch, seconds
    case trainLoss = "train_loss"
    case trainLr = "train_lr"
    case testLoss = "test_loss"
    case testAcc1 = "test_acc1"
    case testAcc5 = "test_acc5"
    case badImages = "bad_images"
    case emaTestLoss = "ema_test_loss"
    case emaTestAcc1 = "ema_test_acc1"
    case emaTestAcc5 = "ema_test_acc5"
    case parameters = "n_parameters"
  }

  /// What was measured on the validation images.
  package typealias Test = (loss: Double, accuracy1: Double, accuracy5: Double)

  package init(
    epoch: Int, trainLoss: Double, trainLr: Double, test: Test?, averageTest: Test?,
    badImages: Int, parameters: Int, seconds: Double
  ) {
    (self.epoch, self.trainLoss, self.trainLr) = (epoch, trainLoss, trainLr)
    (testLoss, testAcc1, testAcc5) = (test?.loss, test?.accuracy1, test?.accuracy5)
    emaTestLoss = averageTest?.loss
    (emaTestAcc1, emaTestAcc5) = (averageTest?.accuracy1, averageTest?.accuracy5)
    (self.badImages, self.parameters, self.seconds) = (badImages, parameters, seconds)
  }

  /// The higher of the model's and the average's accuracy, if there was an evaluation.
  package var bestAcc1: Double? { testAcc1.map { max($0, emaTestAcc1 ?? 0) } }
}

/// An epoch's line with the reference's entries about heads, the share of the weights that is
/// pruned, and why the run ends early, if so.
package struct EpochLine: Encodable {
  private let record: EpochRecord
  private let entries: [String: [Double?]]
  private let sparsity: Double?
  private let ended: String?
  private let ranks: [RankRecord]

  package init(
    record: EpochRecord, entries: [String: [Double?]], sparsity: Double?, ended: String?,
    ranks: [RankRecord] = []
  ) {
    (self.record, self.entries) = (record, entries)
    (self.sparsity, self.ended, self.ranks) = (sparsity, ended, ranks)
  }

  package func encode(to encoder: any Encoder) throws {
    try record.encode(to: encoder)
    try entries.encode(to: encoder)
    if let sparsity { try ["sparsity": sparsity].encode(to: encoder) }
    if let ended { try ["ended": ended].encode(to: encoder) }
    if !ranks.isEmpty { try ["ranks": ranks].encode(to: encoder) }
  }
}

/// How fast one of several processes was in an epoch.
package struct RankRecord: Sendable, Codable, Hashable {
  /// Its own images, by all of the time.
  package let imagesPerSecond: Double
  /// The share of the time that it waited for others, or for what they sent.
  package let waiting: Double

  package init(imagesPerSecond: Double, waiting: Double) {
    (self.imagesPerSecond, self.waiting) = (imagesPerSecond, waiting)
  }

  private enum CodingKeys: String, CodingKey {
    case imagesPerSecond = "images_per_second"
    case waiting
  }
}

/// The numbers of a line of `log.jsonl` as far as they are there: one that another version or the
/// reference wrote may lack some, or have `null` for one that was not finite.
package struct EpochNumbers: Decodable {
  package let epoch: Int
  private let numbers: [EpochRecord.CodingKeys: Double]

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: EpochRecord.CodingKeys.self)
    epoch = try container.decode(Int.self, forKey: .epoch)
    var numbers: [EpochRecord.CodingKeys: Double] = [:]
    for key in EpochRecord.CodingKeys.allCases {
      numbers[key] = try container.decodeIfPresent(Double.self, forKey: key)
    }
    self.numbers = numbers
  }

  /// The number under a key.
  package subscript(key: EpochRecord.CodingKeys) -> Double? { numbers[key] }
}

/// A line of `steps.jsonl`.
package struct StepRecord: Sendable, Codable, Hashable {
  package let epoch: Int
  /// The step since the start of the run, from 0.
  package let step: Int
  /// The loss of the batch, smoothing included, before the step.
  package let loss: Double
  package let lr: Double

  package init(epoch: Int, step: Int, loss: Double, lr: Double) {
    (self.epoch, self.step, self.loss, self.lr) = (epoch, step, loss, lr)
  }
}

/// A line of `locality.jsonl`.
package struct LocalityRecord: Sendable, Codable, Hashable {
  /// Epochs that were trained before; 0 at the start.
  package let epochs: Int
  package let report: LocalityReport

  package init(epochs: Int, report: LocalityReport) {
    (self.epochs, self.report) = (epochs, report)
  }
}
