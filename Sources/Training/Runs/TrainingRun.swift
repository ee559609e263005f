import Autodiff
import ConViT
import Files
import Foundation
import Images
import Locality
import Runs

/// A run under way: epochs of training and evaluation, and what they leave in the folder.
///
/// What changes is `learner` and `progress`, and a checkpoint holds both: a run that begins with
/// those of another goes on as that one would have.
struct TrainingRun {
  private let trainer: Trainer
  private let configuration: TrainingConfiguration
  private let folder: RunFolder
  private let isStopped: () -> Bool
  private let report: (Trainer.Event) throws -> Void
  private var learner: Learner
  private var progress: RunProgress
  private var (trainingSkips, validationSkips): (SkippedImages, SkippedImages)
  private var locality: LocalityRecording?

  init(
    _ trainer: Trainer, in folder: RunFolder, from learner: Learner, _ progress: RunProgress,
    isStopped: @escaping () -> Bool, report: @escaping (Trainer.Event) throws -> Void
  ) throws {
    (self.trainer, self.folder, self.isStopped, self.report) = (trainer, folder, isStopped, report)
    (self.learner, self.progress) = (learner, progress)
    configuration = trainer.configuration.scaled
    let maxBad = configuration.maxBad ?? DataSettings.defaultMaxBad
    trainingSkips = SkippedImages(trainer.training, maxBad: maxBad)
    validationSkips = SkippedImages(trainer.validation, maxBad: maxBad)
    locality = try LocalityRecording(trainer, in: folder, after: progress.epoch)
  }

  /// Runs to the last epoch, and returns the model as it is then.
  mutating func callAsFunction() throws -> SavedModel {
    try measureTheStart()
    while progress.epoch < configuration.schedule.totalEpochs {
      try trainToEndOfEpoch()
      let evaluation = try evaluated(learner.weights, after: progress.epoch + 1)
      let average = try learner.average.map { try evaluated($0.weights).totals }
      try endEpoch(evaluation, average: average)
    }
    return trainer.saved(learner.weights)
  }

  /// Where heads look before the first step.
  private mutating func measureTheStart() throws {
    guard var locality, progress == RunProgress() else { return }
    let (sample, weights) = (locality.sample, trainer.frozen(learner.weights))
    var skips = validationSkips
    defer { validationSkips = skips }
    let (_, measured) = try trainer.evaluator().totalsAndLocality(
      trainer.model, weights, on: sample, pool: trainer.pool,
      noting: { try skips.note($0) { [report] in try report(.note($0)) } },
      progress: {
        try report(.evaluated($0, of: sample.count))
        try stopIfAsked()
      })
    try locality.write(measured, weights, after: 0, on: trainer.pool)
    self.locality = locality
  }

  /// The steps of the epoch that are left.
  private mutating func trainToEndOfEpoch() throws {
    let steps = trainer.stepsPerEpoch
    let (all, size) = (trainer.imagesPerEpoch, configuration.schedule.stepSize)
    var schedule = LearningRateSchedule(configuration)
    schedule.plateau = progress.plateau
    let loader = try trainer.loader(epoch: progress.epoch, from: progress.step)
    let (before, clock) = (progress, ContinuousClock.now)
    try stopIfAsked()
    while progress.step < steps {
      let count = min(size, all - progress.step * size)
      let passed = configuration.schedOnUpdates ? Double(progress.step) / Double(steps) : 0
      progress.rate = schedule(Double(progress.epoch) + passed)
      let badBefore = progress.badImages
      let loss = try make(count, from: loader)
      let seconds = (ContinuousClock.now - clock) / .seconds(1)
      progress.step += 1
      progress.seconds = before.seconds + seconds
      if let loss {
        let images = count - (progress.badImages - badBefore)
        progress.images += images
        progress.lossSum += loss * Double(images)
        let record = StepRecord(
          epoch: progress.epoch, step: progress.epoch * steps + progress.step - 1, loss: loss,
          lr: progress.rate)
        let period = configuration.logEvery
        if period > 0, record.step % period == 0 { try folder.append(record) }
        let speed = Double(progress.images - before.images) / seconds
        try report(.step(record, ofEpoch: steps, imagesPerSecond: speed))
      }
      try stopIfAsked()
      if let period = configuration.saveEverySteps, progress.step % period == 0,
        progress.step < steps
      {
        try save()
      }
    }
    guard progress.images > 0 else {
      throw TrainingError(
        "no step of epoch \(progress.epoch + 1) had images that can be read and a finite loss")
    }
  }

  /// A step by the next `count` images; its loss, or none for a step that was left out.
  private mutating func make(_ count: Int, from loader: BatchLoader) throws -> Double? {
    var (skips, badImages) = (trainingSkips, 0)
    defer {
      trainingSkips = skips
      progress.badImages += badImages
    }
    do {
      return try learner.step(
        of: count, epoch: progress.epoch, rate: progress.rate, on: trainer.pool
      ) { [report] in
        guard let batch = try loader.next() else {
          fatalError("TrainingRun: no images are left for \(count) of a step")
        }
        try skips.note(batch) { try report(.note($0)) }
        badImages += batch.failures.count
        return batch
      }?.loss
    } catch let fault as NonFiniteStep {
      let files = fault.samples.compactMap { trainer.training.sample(index: $0)?.path }
      try AtomicFile.replace(folder.nonFiniteReport, by: fault.json(files: files))
      progress.skipped += 1
      let limit = configuration.onNonfinite.limit
      guard progress.skipped <= limit else {
        throw TrainingError(
          "\(fault): training has diverged; images and norms are in \(folder.nonFiniteReport)")
      }
      try report(.note("\(fault): left out, \(progress.skipped) of at most \(limit)"))
      return nil
    }
  }

  /// A measurement that ends an epoch, and how many images were left out of it; with where heads
  /// look, if that is due `after` so many epochs.
  private mutating func evaluated(
    _ weights: ParameterStore, after epochs: Int? = nil
  ) throws -> (totals: ClassificationTotals, badImages: Int, locality: LocalityReport?) {
    let (samples, weights) = (trainer.validation.samples, trainer.frozen(weights))
    var (skips, badImages) = (validationSkips, 0)
    defer { validationSkips = skips }
    func note(_ batch: Batch) throws {
      try skips.note(batch) { [report] in try report(.note($0)) }
      badImages += batch.failures.count
    }
    func show(_ done: Int) throws {
      try report(.evaluated(done, of: samples.count))
      try stopIfAsked()
    }
    let (evaluator, model) = (try trainer.evaluator(), trainer.model)
    let totals: ClassificationTotals
    var measured: LocalityReport?
    if let locality, let epochs, locality.isDue(after: epochs) {
      (totals, measured) = try evaluator.totalsAndLocality(
        model, weights, on: locality.sample, then: locality.others, pool: trainer.pool,
        noting: note, progress: show)
    } else {
      totals = try evaluator(
        model, weights, on: samples, pool: trainer.pool, noting: note, progress: show)
    }
    guard totals.meanLoss.isFinite else {
      throw TrainingError(
        "the validation loss is \(totals.meanLoss) after epoch \(progress.epoch + 1)")
    }
    return (totals, badImages, measured)
  }

  /// Writes what an epoch has come to; the checkpoint last, as it says that all the rest is there.
  private mutating func endEpoch(
    _ test: (totals: ClassificationTotals, badImages: Int, locality: LocalityReport?),
    average averageTest: ClassificationTotals?
  ) throws {
    let record = EpochRecord(
      progress, test: test.totals, averageTest: averageTest,
      badImages: progress.badImages + test.badImages, parameters: trainer.trained)
    let isBest = record.bestAcc1 > progress.best
    let isKept = configuration.saveEvery.map { progress.epoch % $0 == 0 } ?? false
    let saved = trainer.saved(learner.weights)
    try saved.write(to: folder.model)
    let average = learner.average.map { trainer.saved($0.weights) }
    try average?.write(to: folder.average)
    if isBest {
      let best = record.bestAcc1 > record.testAcc1 ? average : saved
      try best?.write(to: folder.best)
    }
    if isKept { try saved.write(to: folder.model(after: progress.epoch)) }
    var entries: [String: [Double?]] = [:]
    if let measured = test.locality, var locality {
      try locality.write(
        measured, trainer.frozen(learner.weights), after: progress.epoch + 1, on: trainer.pool)
      entries = locality.entries(measured, learner.weights)
      self.locality = locality
    }
    try folder.append(EpochLine(record: record, entries: entries))
    if isBest { progress.best = record.bestAcc1 }
    var schedule = LearningRateSchedule(configuration)
    schedule.plateau = progress.plateau
    schedule.observe(accuracy: record.testAcc1, after: progress.epoch + 1)
    progress.plateau = schedule.plateau
    progress.endEpoch()
    try save()
    try report(.epoch(record, isBest: isBest))
  }

  /// Writes a checkpoint.
  private func save() throws {
    try folder.replaceCheckpoint {
      try Checkpoint.write(
        learner, progress, configuration: trainer.effective, data: trainer.fingerprint, to: $0)
    }
  }

  private func stopIfAsked() throws {
    guard isStopped() else { return }
    try save()
    throw RunInterrupted(folder: folder.path, progress: progress)
  }
}
