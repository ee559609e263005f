import Files
import Training

/// How long a run is, and how fast weights change in its course.
package struct ScheduleSettings: Settings {
  /// Images that a process reads together, as DeiT's of each GPU. Those of all processes make a
  /// step, unless `globalBatchSize` says otherwise.
  package var batchSize = 64
  package var globalBatchSize: Int?
  package var epochs = 300
  package var lr = 5e-4
  package var unscaleLr = false
  /// The rate at the end, or the least of a plateau, whatever the batch.
  package var minLr = 1e-5
  /// The rate at the start of the warm-up, whatever the batch.
  package var warmupLr = 1e-6
  package var warmupEpochs: Int?
  package var cooldownEpochs = 0
  package var sched = LearningRateSchedule.Shape.cosine
  package var decayEpochs = 30.0
  /// The epochs, counted from 1, with which `multistep` drops.
  package var decayMilestones = [90, 180, 270]
  package var decayRate = 0.1
  package var patienceEpochs = 10  // evaluations, which are one an epoch without `evalEvery`
  package var earlyStop: Int?
  package var lrNoise: [Double] = []
  package var lrNoisePct = 0.67
  package var lrNoiseStd = 1.0
  package var schedOnUpdates = false

  package var stepSize: Int { globalBatchSize ?? batchSize }

  /// The most images of a step that are for one of so many processes.
  func share(of processes: Int) -> Int {
    let parts = (stepSize + batchSize - 1) / batchSize
    return min(stepSize, (parts + processes - 1) / processes * batchSize)
  }

  /// Settles of how many images a step of so many processes is: a batch of each, or as many as a
  /// run began with that is resumed; returns what is to be said about it.
  mutating func settle(
    _ processes: Int, mixes: Bool, resuming old: ScheduleSettings?
  ) throws(TrainingError) -> [String] {
    guard processes > 1 else { return [] }
    let size = globalBatchSize ?? old?.stepSize ?? batchSize * processes
    globalBatchSize = size
    let parts = (size + batchSize - 1) / batchSize
    if parts >= processes { return [] }
    // Batches that mix hold pairs.
    let fitting = (1...max(1, size / processes)).last {
      size.isMultiple(of: $0) && size / $0 >= processes && (!mixes || $0.isMultiple(of: 2))
    }
    guard let fitting else {
      throw TrainingError(
        usage: "a step of \(size) images cannot be divided among \(processes) ranks"
          + (mixes ? ", each with an even number, as mixup and cutmix mix pairs" : "")
          + ": start fewer, or give a larger --global-batch-size")
    }
    guard old != nil else {
      throw TrainingError(
        usage: "a step of \(size) images (global-batch-size) is "
          + "\(counted(parts, "batch", "batches")) of batch-size \(batchSize), and there are "
          + "\(processes) ranks: give --batch-size \(fitting)")
    }
    batchSize = fitting
    return [
      "batch-size is \(batchSize), as the run's steps of \(size) images are for \(processes) ranks"
    ]
  }

  package func validate() throws(TrainingError) {
    try requireCounts([
      "batch-size": batchSize, "global-batch-size": globalBatchSize, "epochs": epochs,
      "patience-epochs": patienceEpochs, "early-stop": earlyStop,
    ])
    try require(
      stepSize.isMultiple(of: batchSize),
      "global-batch-size must be a multiple of batch-size, which is \(batchSize), found \(stepSize)"
    )
    try require(lr.isFinite && lr > 0, "lr must be positive, found \(lr)")
    try require(minLr.isFinite && minLr >= 0, "min-lr must not be negative, found \(minLr)")
    try require(
      warmupLr.isFinite && warmupLr >= 0, "warmup-lr must not be negative, found \(warmupLr)")
    let warmup = warmupEpochs ?? 0
    try require(
      (0...epochs).contains(warmup),
      "warmup-epochs must be 0 to epochs, which is \(epochs), found \(warmup)")
    try require(
      (0...1_000_000).contains(cooldownEpochs),
      "cooldown-epochs must be 0 to 1000000, found \(cooldownEpochs)")
    try require(
      decayEpochs.isFinite && decayEpochs > 0, "decay-epochs must be positive, found \(decayEpochs)"
    )
    try require(
      decayMilestones.allSatisfy { $0 > 0 } && decayMilestones == decayMilestones.sorted(),
      "decay-milestones must be positive and ascending, found \(decayMilestones)")
    let most = sched == .poly ? 100.0 : 1
    try require(
      decayRate > 0 && decayRate <= most,
      "decay-rate must be above 0 and at most \(Int(most)), found \(decayRate)")
    try require(
      lrNoise.count <= 2 && lrNoise.allSatisfy { (0...1).contains($0) }
        && lrNoise == lrNoise.sorted(),
      "lr-noise must be one or two ascending numbers in 0 ... 1, found \(lrNoise)")
    try require(
      lrNoisePct > 0 && lrNoisePct <= 1,
      "lr-noise-pct must be above 0 and at most 1, found \(lrNoisePct)")
    try require(
      lrNoiseStd > 0 && lrNoiseStd <= 1000 * lrNoisePct,
      "lr-noise-std must be above 0 and at most 1000 times lr-noise-pct, found \(lrNoiseStd)")
    try validateUse()
  }

  private func validateUse() throws(TrainingError) {
    func requireDefault<Value: Equatable>(
      _ path: KeyPath<ScheduleSettings, Value>, _ name: String,
      unless shapes: Set<LearningRateSchedule.Shape>
    ) throws(TrainingError) {
      let all = shapes.map(\.rawValue).sorted()
      let names =
        all.dropLast().joined(separator: ", ") + (all.count > 1 ? " and " : "") + all[all.count - 1]
      try requireUse(
        of: name,
        shapes.contains(sched) || self[keyPath: path] == ScheduleSettings()[keyPath: path],
        "\(name) is for sched \(names), not \(sched)")
    }
    try requireDefault(\.minLr, "min-lr", unless: [.cosine, .linear, .plateau, .poly])
    try requireDefault(\.cooldownEpochs, "cooldown-epochs", unless: [.cosine, .linear, .poly])
    try requireDefault(\.decayEpochs, "decay-epochs", unless: [.step])
    try requireDefault(\.decayMilestones, "decay-milestones", unless: [.multistep])
    try requireDefault(\.decayRate, "decay-rate", unless: [.step, .multistep, .plateau, .poly])
    try requireDefault(\.patienceEpochs, "patience-epochs", unless: [.plateau])
    try requireUse(
      of: "sched-on-updates", !schedOnUpdates || (sched != .plateau && sched != .multistep),
      "sched-on-updates is not for sched \(sched), which drops between epochs")
    try require(
      !lrNoise.isEmpty
        || (lrNoisePct == ScheduleSettings().lrNoisePct
          && lrNoiseStd == ScheduleSettings().lrNoiseStd),
      "lr-noise-pct and lr-noise-std need lr-noise")
  }
}
