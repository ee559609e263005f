/// How long a run is, and how fast weights change in its course.
public struct ScheduleSettings: Settings {
  /// Images a step; DeiT's is for each GPU, here it is all of them.
  public var batchSize = 64
  /// Epochs, each of as many images as there are to train on.
  public var epochs = 300
  /// The rate for a batch of 512: it is scaled by batch / 512 unless `unscaleLr`.
  public var lr = 5e-4
  /// Whether `lr` is the rate for any batch.
  public var unscaleLr = false
  /// The rate at the end of the cosine, whatever the batch.
  public var minLr = 1e-5
  /// The rate at the start of the warm-up, whatever the batch.
  public var warmupLr = 1e-6
  /// 5 if left out, or a quarter of the epochs if that is fewer.
  public var warmupEpochs: Int?
  /// The course of the rate after the warm-up.
  public var sched = LearningRateSchedule.Shape.cosine
  /// Whether the rate changes with every step and not with every epoch.
  public var schedOnUpdates = false

  /// The defaults.
  public init() {}

  /// Throws what is wrong with the values.
  public func validate() throws(TrainingError) {
    try requireCounts(["batch-size": batchSize, "epochs": epochs])
    try require(lr.isFinite && lr > 0, "lr must be positive, found \(lr)")
    try require(minLr.isFinite && minLr >= 0, "min-lr must not be negative, found \(minLr)")
    try require(
      warmupLr.isFinite && warmupLr >= 0, "warmup-lr must not be negative, found \(warmupLr)")
    let warmup = warmupEpochs ?? 0
    try require(
      (0...epochs).contains(warmup),
      "warmup-epochs must be 0 to epochs, which is \(epochs), found \(warmup)")
  }

  /// The names in configs.
  public enum CodingKeys: String, CodingKey, CaseIterable {
    case batchSize = "batch-size"
    case epochs
    case lr
    case unscaleLr = "unscale-lr"
    case minLr = "min-lr"
    case warmupLr = "warmup-lr"
    case warmupEpochs = "warmup-epochs"
    case sched
    case schedOnUpdates = "sched-on-updates"
  }
}
