/// A line of `steps.jsonl`.
public struct StepRecord: Sendable, Codable, Hashable {
  /// The epoch, from 0.
  public let epoch: Int
  /// The step since the start of the run, from 0.
  public let step: Int
  /// The loss of the batch, smoothing included, before the step.
  public let loss: Double
  /// The learning rate of the step.
  public let lr: Double
}

/// A line of `log.jsonl`: the keys of the reference's log. Those about heads, which are there after
/// a measurement only (`--locality-every`), are in `LocalityRecord`, too.
public struct EpochRecord: Sendable, Codable, Hashable {
  /// The epoch, from 0.
  public let epoch: Int
  /// The mean loss over the epoch's images, smoothing included, each before its step.
  public let trainLoss: Double
  /// The learning rate of the epoch's last step.
  public let trainLr: Double
  /// The mean cross-entropy over the validation images, without smoothing.
  public let testLoss: Double
  /// Validation images whose class is the first, in percent.
  public let testAcc1: Double
  /// Validation images whose class is among the first five, in percent.
  public let testAcc5: Double
  /// Images of the epoch, to train and to test on, that could not be read and were skipped.
  public let badImages: Int
  /// `testLoss` of the moving average, if one is kept.
  public let emaTestLoss: Double?
  /// `testAcc1` of the moving average.
  public let emaTestAcc1: Double?
  /// `testAcc5` of the moving average.
  public let emaTestAcc5: Double?
  /// The numbers that are trained; `n_parameters` in the file.
  public let parameters: Int
  /// Seconds of training, without the evaluation.
  public let seconds: Double

  enum CodingKeys: String, CodingKey {
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

  init(
    _ progress: RunProgress, test: ClassificationTotals, averageTest: ClassificationTotals?,
    badImages: Int, parameters: Int
  ) {
    epoch = progress.epoch
    trainLoss = progress.lossSum / Double(progress.images)
    trainLr = progress.rate
    (testLoss, testAcc1, testAcc5) = (test.meanLoss, test.accuracy1, test.accuracy5)
    emaTestLoss = averageTest?.meanLoss
    (emaTestAcc1, emaTestAcc5) = (averageTest?.accuracy1, averageTest?.accuracy5)
    self.badImages = badImages
    (self.parameters, seconds) = (parameters, progress.seconds)
  }

  /// The higher of the model's and the average's accuracy.
  public var bestAcc1: Double { max(testAcc1, emaTestAcc1 ?? 0) }
}

/// An epoch's line with the reference's entries about heads, one for each layer.
struct EpochLine: Encodable {
  let record: EpochRecord
  let entries: [String: [Double?]]

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  func encode(to encoder: any Encoder) throws {
    try record.encode(to: encoder)
    var container = encoder.container(keyedBy: Key.self)
    for (name, values) in entries { try container.encode(values, forKey: Key(stringValue: name)) }
  }
}
