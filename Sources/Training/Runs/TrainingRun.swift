import Autodiff
import ConViT
import Foundation
import Images
import Safetensors

/// A run under way: epochs of training and evaluation, and what they leave in the folder.
///
/// What changes is `step` and `progress`, and a checkpoint holds both: a run that begins with those
/// of another goes on as that one would have.
struct TrainingRun {
  private let trainer: Trainer
  private let folder: RunFolder
  private let isStopped: () -> Bool
  private let report: (Trainer.Event) throws -> Void
  private var step: TrainingStep
  private var progress: RunProgress

  init(
    _ trainer: Trainer, in folder: RunFolder, from step: TrainingStep, _ progress: RunProgress,
    isStopped: @escaping () -> Bool, report: @escaping (Trainer.Event) throws -> Void
  ) {
    (self.trainer, self.folder, self.isStopped, self.report) = (trainer, folder, isStopped, report)
    (self.step, self.progress) = (step, progress)
  }

  private var configuration: TrainingConfiguration { trainer.configuration }

  /// Runs to the last epoch, and returns the model as it is then.
  mutating func callAsFunction() throws -> SavedModel {
    while progress.epoch < configuration.epochs {
      try trainToEndOfEpoch()
      try endEpoch(evaluated())
    }
    return trainer.saved(step.weights)
  }

  /// The steps of the epoch that are left.
  private mutating func trainToEndOfEpoch() throws {
    let steps = trainer.stepsPerEpoch
    let schedule = LearningRateSchedule(configuration)
    let loader = try trainer.loader(epoch: progress.epoch, from: progress.step)
    let (before, clock) = (progress, ContinuousClock.now)
    try stopIfAsked()
    while progress.step < steps, let batch = try loader.next() {
      let passed = configuration.schedOnUpdates ? Double(progress.step) / Double(steps) : 0
      progress.rate = schedule(Double(progress.epoch) + passed)
      let loss = try make(batch)
      let seconds = (ContinuousClock.now - clock) / .seconds(1)
      progress.step += 1
      progress.seconds = before.seconds + seconds
      if let loss {
        progress.images += batch.count
        progress.lossSum += loss * Double(batch.count)
        let record = StepRecord(
          epoch: progress.epoch, step: progress.epoch * steps + progress.step - 1, loss: loss,
          lr: progress.rate)
        if record.step % configuration.logEvery == 0 { try folder.append(record) }
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
      throw TrainingError("no step of epoch \(progress.epoch + 1) had a finite loss")
    }
  }

  /// A step by a batch; its loss, or none for a step that was left out.
  private mutating func make(_ batch: Batch) throws -> Double? {
    do {
      return try step(batch, epoch: progress.epoch, rate: progress.rate, on: trainer.pool)
    } catch let fault as NonFiniteStep {
      let files = fault.samples.map { trainer.training.samples[$0].path }
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

  /// The measurement that ends an epoch.
  private func evaluated() throws -> ClassificationTotals {
    let samples = trainer.validation.samples
    let totals = try trainer.evaluator()(
      trainer.model, step.weights, on: samples, pool: trainer.pool
    ) {
      try report(.evaluated($0, of: samples.count))
      try stopIfAsked()
    }
    guard totals.meanLoss.isFinite else {
      throw TrainingError(
        "the validation loss is \(totals.meanLoss) after epoch \(progress.epoch + 1)")
    }
    return totals
  }

  /// Writes what an epoch has come to; the checkpoint last, as it says that all the rest is there.
  private mutating func endEpoch(_ test: ClassificationTotals) throws {
    let record = EpochRecord(
      epoch: progress.epoch, trainLoss: progress.lossSum / Double(progress.images),
      trainLr: progress.rate, testLoss: test.meanLoss, testAcc1: test.accuracy1,
      testAcc5: test.accuracy5, parameters: step.weights.tree.elementCount,
      seconds: progress.seconds)
    let isBest = record.testAcc1 > progress.best
    let isKept = configuration.saveEvery.map { progress.epoch % $0 == 0 } ?? false
    let saved = trainer.saved(step.weights)
    try saved.write(to: folder.model)
    if isBest { try saved.write(to: folder.best) }
    if isKept { try saved.write(to: folder.model(after: progress.epoch)) }
    try folder.append(record)
    if isBest { progress.best = record.testAcc1 }
    progress.endEpoch()
    try save()
    try report(.epoch(record, isBest: isBest))
  }

  /// Writes a checkpoint.
  private func save() throws {
    try folder.replaceCheckpoint {
      try Checkpoint.write(
        step, progress, configuration: trainer.effective, data: trainer.fingerprint, to: $0)
    }
  }

  private func stopIfAsked() throws {
    guard isStopped() else { return }
    try save()
    throw RunInterrupted(folder: folder.path, progress: progress)
  }
}
