import Autodiff
import ConViT
import Images
import Locality
import Training

// What is measured after an epoch, by all processes of the run together.
extension TrainingRun {
  struct Measurement {
    /// Of the model and of the moving average, unless the epoch is not evaluated.
    var totals, average: ClassificationTotals?
    var badImages = 0
    var locality: LocalityReport?
  }

  mutating func measured(after epochs: Int) throws -> Measurement {
    let isDue = locality?.isDue(after: epochs) ?? false
    let sample = isDue ? locality?.sample : nil
    guard plan.settings.isEvaluated(after: epochs) || epochs == lastEpoch else {
      guard let sample else { return Measurement() }
      return try evaluated(learner.weights, lookingAt: sample, alone: true)
    }
    var result = try evaluated(learner.weights, lookingAt: sample)
    if let average = learner.average {
      result.average = try evaluated(average.weights, lookingAt: nil).totals
    }
    return result
  }

  /// A measurement on all validation images, or a sample alone; on the sample, where heads look.
  ///
  /// Several processes divide the images among them, and put together what each has counted.
  mutating func evaluated(
    _ weights: ParameterStore, lookingAt sample: [ImageFolder.Sample]?, alone isAlone: Bool = false
  ) throws -> Measurement {
    let (ranks, weights) = (plan.ranks, plan.frozen(weights))
    let all = plan.data.validation.samples
    let count = isAlone ? sample?.count ?? 0 : all.count
    var (skips, result) = (validationSkips, Measurement())
    func note(_ batch: Batch) throws {
      try skips.note(batch, in: ranks) { [report] in try report(.note($0)) }
    }
    func show(_ done: Int) throws {
      try report(.evaluated(min(done * ranks.count, count), of: count))
      if isToStop() { throw Stopping() }
    }
    let (evaluator, model) = (plan.evaluator, plan.model)
    var seen: (meter: LocalityMeter, statistics: LocalityStatistics)?
    let own = Result { () throws -> ClassificationTotals in
      guard let sample, let locality else {
        return try evaluator(
          model, weights, on: ranks.part(of: all), pool: plan.pool, noting: note, progress: show)
      }
      let meter = LocalityMeter(locality.model, weights)
      var statistics = meter.emptyStatistics
      defer { seen = (meter, statistics) }
      return try evaluator.totals(
        meter, adding: &statistics, on: ranks.part(of: sample), needsSome: ranks.count == 1,
        then: isAlone ? [] : ranks.part(of: locality.others), pool: plan.pool, noting: note,
        progress: show)
    }
    validationSkips = skips
    let stops = try ranks.any(own.error is Stopping, or: own)
    result.badImages = try validationSkips.shareUntold(ranks) { [report] in
      try report(.note($0))
    }
    if stops { try stop() }
    if var seen {
      try seen.statistics.sum(over: ranks.group)
      result.locality = seen.meter.report(seen.statistics)
    }
    if isAlone { return result }
    let totals = try ranks.sum(own.get())
    guard totals.meanLoss.isFinite else {
      throw TrainingError(
        "the validation loss is \(totals.meanLoss) after epoch \(progress.epoch + 1)")
    }
    result.totals = totals
    return result
  }

  /// That this process is asked to stop in the middle of a measurement.
  private struct Stopping: Error {}
}

extension Result {
  var error: Failure? {
    if case .failure(let error) = self { error } else { nil }
  }
}
