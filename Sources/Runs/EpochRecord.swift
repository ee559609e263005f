/// A line of `log.jsonl`: the keys of the reference's log. Those of an evaluation are there if the
/// epoch had one (`--eval-every`). Those about heads, which are there after
/// a measurement only (`--locality-every`), are in `LocalityRecord`, too.
public struct EpochRecord: Sendable, Codable, Hashable {
  /// The epoch, from 0.
  public let epoch: Int
  /// The mean loss over the epoch's images, smoothing included, each before its step.
  public let trainLoss: Double
  /// The learning rate of the epoch's last step.
  public let trainLr: Double
  /// The mean cross-entropy over the validation images, without smoothing.
  public let testLoss: Double?
  /// Validation images whose class is the first, in percent.
  public let testAcc1: Double?
  /// Validation images whose class is among the first five, in percent.
  public let testAcc5: Double?
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

  /// A line from its numbers.
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
  public var bestAcc1: Double? { testAcc1.map { max($0, emaTestAcc1 ?? 0) } }
}
