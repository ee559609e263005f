import Autodiff
import ConViT
import Files
import Images
import Locality
import Runs
import Training

/// A run under way: epochs of training and evaluation, and what they leave in the folder.
///
/// What changes is `learner` and `progress`, and a checkpoint holds both: a run that begins with
/// those of another resumes as that one would have.
struct TrainingRun {
  let plan: TrainingPlan
  private let folder: RunFolder?  // none where another process writes the run
  let lastEpoch: Int
  private let isStopped: () -> Bool
  let report: (Trainer.Event) throws -> Void
  var learner: Learner
  var progress: RunProgress
  var (trainingSkips, validationSkips): (SkippedImages, SkippedImages)
  private var hasRemarked = false
  var locality: LocalityRecording?
  private var clock: BudgetClock?
  private var speed = RankSpeed(Ranks())
  private(set) var observer: (any TrainingObserver)?

  init(
    _ plan: TrainingPlan, in folder: RunFolder?, from learner: Learner, _ progress: RunProgress,
    until epochs: Int, watching observer: (any TrainingObserver)?,
    isStopped: @escaping () -> Bool, report: @escaping (Trainer.Event) throws -> Void
  ) throws {
    (self.plan, self.folder, self.isStopped, self.report) = (plan, folder, isStopped, report)
    (lastEpoch, self.observer) = (epochs, observer)
    (self.learner, self.progress) = (learner, progress)
    let maxBad = plan.settings.maxBad ?? DataSettings.defaultMaxBad
    trainingSkips = SkippedImages(plan.data.training, maxBad: maxBad)
    validationSkips = SkippedImages(plan.data.validation, maxBad: maxBad)
    locality = try LocalityRecording(plan, in: folder, after: progress.epoch)
    let bytes = 4 * plan.settings.optimizer.storeCount * learner.weights.tree.elementCount
    clock = plan.settings.timeBudget.map {
      BudgetClock($0, from: plan.begin, now: .now, checkpointBytes: bytes)
    }
  }

  mutating func callAsFunction() throws -> SavedModel {
    try measureTheStart()
    if progress == RunProgress() { try observer?.begin(learner) }
    while !plan.settings.hasEnded(progress), progress.epoch < lastEpoch, !isSatisfied {
      try makeRoundsThatAreDue()
      try trainToEndOfEpoch()
      try endEpoch(try measured(after: progress.epoch + 1))
    }
    if let reason = plan.settings.earlyEnd(progress) { try report(.endedEarly(reason)) }
    return plan.saved(learner.weights, learner.masks)
  }

  private var isSatisfied: Bool { observer?.isSatisfied ?? false }

  private mutating func measureTheStart() throws {
    guard progress == RunProgress(), let sample = locality?.sample else { return }
    let measured = try evaluated(learner.weights, lookingAt: sample, alone: true)
    try write(measured.locality, after: 0)
  }

  /// Prunes, where a round of pruning begins with the epoch.
  private mutating func makeRoundsThatAreDue() throws {
    guard let rounds = plan.settings.pruning.rounds else { return }
    let due = rounds.made(at: progress.epoch, of: plan.settings.scaledEpochs)
    while progress.rounds < due {
      progress.beginRound()
      let pruned = plan.settings.pruning.masks(
        of: learner.weights, after: learner.masks, round: progress.rounds, rounds)
      learner.mask(by: pruned)
      let share = String(
        format: "%.1f", 100 * plan.settings.pruning.rule.share(removedBy: pruned))
      try report(
        .note("round \(progress.rounds) of \(rounds.count): \(share) % of the weights are pruned"))
    }
  }

  private mutating func trainToEndOfEpoch() throws {
    let steps = plan.stepsPerEpoch
    let (all, size) = (plan.imagesPerEpoch, plan.settings.schedule.stepSize)
    var schedule = plan.rates
    schedule.plateau = progress.plateau
    let loader = plan.loader(epoch: progress.epoch, from: progress.step)
    let (before, clock) = (progress, ContinuousClock.now)
    speed = RankSpeed(plan.ranks)
    try stopIfAsked()
    while progress.step < steps {
      let count = min(size, all - progress.step * size)
      let passed = plan.settings.schedOnUpdates ? Double(progress.step) / Double(steps) : 0
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
        let period = plan.settings.logEvery
        if period > 0, record.step % period == 0 { try folder?.append(record) }
        let speed = Double(progress.images - before.images) / seconds
        try report(.step(record, ofEpoch: steps, imagesPerSecond: speed))
      }
      try stopIfAsked()
      if let period = plan.settings.saveEverySteps, progress.step % period == 0,
        progress.step < steps
      {
        try save()
      }
    }
    speed.end(plan.ranks)
    guard progress.images > 0 else {
      throw TrainingError(
        "no step of epoch \(progress.epoch + 1) had \(plan.data.training.kind.plural) that can be "
          + "read and a finite loss")
    }
  }

  /// A step by the next `count` images; its loss, or none for a step that was left out.
  private mutating func make(_ count: Int, from loader: BatchLoader) throws -> Double? {
    let places = plan.parts(count).places(of: plan.ranks.rank, of: plan.ranks.count)
    var (skips, read) = (trainingSkips, 0)
    let outcome = Result {
      try learner.step(
        of: count, places, epoch: progress.epoch, rate: progress.rate, on: plan.pool
      ) { [report, plan] in
        guard let batch = try loader.next() else {
          fatalError("TrainingRun: no images are left for \(count) of a step")
        }
        try skips.note(batch, in: plan.ranks) { try report(.note($0)) }
        read += batch.count
        return batch
      }
    }
    trainingSkips = skips
    speed.images += read
    let fault = outcome.error as? NonFiniteStep
    let taken = try fault?.samples.count ?? outcome.get()?.examples.count ?? 0
    if taken < count {
      progress.badImages += try trainingSkips.shareUntold(plan.ranks) { [report] in
        try report(.note($0))
      }
    }
    if let fault {
      try leaveOut(fault)
      return nil
    }
    guard let result = try outcome.get() else { return nil }
    try observer?.observe(result, learner)
    return result.loss
  }

  /// Notes a step that was not made, of which there may be some.
  private mutating func leaveOut(_ fault: NonFiniteStep) throws {
    let files = fault.samples.compactMap { plan.data.training.sample(index: $0)?.path }
    let path = RunFolder.nonFiniteReport(in: plan.folder)
    if folder != nil { try AtomicFile.replace(path, by: fault.json(files: files)) }
    progress.skipped += 1
    let limit = plan.settings.onNonfinite.limit
    guard progress.skipped <= limit else {
      throw TrainingError("\(fault): training has diverged; images and norms are in \(path)")
    }
    try report(.note("\(fault): left out, \(progress.skipped) of at most \(limit)"))
  }

  /// Writes where heads look after so many epochs, if that was measured.
  private mutating func write(_ report: LocalityReport?, after epochs: Int) throws {
    guard let report, var locality else { return }
    try locality.write(report, plan.frozen(learner.weights), after: epochs, on: plan.pool)
    self.locality = locality
  }

  /// Writes what an epoch has come to; the checkpoint last, as it says that all the rest is there.
  private mutating func endEpoch(_ test: Measurement) throws {
    let record = EpochRecord(
      progress, test: test.totals, averageTest: test.average,
      badImages: progress.badImages + test.badImages, parameters: plan.trained)
    let isBest = record.bestAcc1.map { $0 > progress.best } ?? false
    let isKept = plan.settings.saveEvery.map { progress.epoch % $0 == 0 } ?? false
    let saved = plan.saved(learner.weights, learner.masks)
    if let folder {
      try saved.write(to: folder.model)
      let average = learner.average.map { plan.saved($0.weights, learner.masks) }
      try average?.write(to: folder.average)
      if isBest {
        let best = record.bestAcc1 == record.testAcc1 ? saved : average
        try best?.write(to: folder.best)
      }
      if isKept { try saved.write(to: folder.model(after: progress.epoch)) }
    }
    try write(test.locality, after: progress.epoch + 1)
    let entries = test.locality.flatMap { locality?.entries($0, learner.weights) } ?? [:]
    if let accuracy = record.testAcc1, let best = record.bestAcc1 {
      (progress.best, progress.stale) = isBest ? (best, 0) : (progress.best, progress.stale + 1)
      var schedule = plan.rates
      schedule.plateau = progress.plateau
      schedule.observe(accuracy: accuracy, after: progress.epoch + 1)
      progress.plateau = schedule.plateau
    }
    let ranks = try speed.records(of: learner.weights, after: progress.epoch + 1, plan.ranks)
    progress.endEpoch()
    try observer?.endEpoch(progress.epoch, learner)
    try folder?.append(
      EpochLine(
        record: record, entries: entries,
        sparsity: learner.masks.map(plan.settings.pruning.rule.share(removedBy:)),
        ended: plan.settings.earlyEnd(progress), ranks: ranks))
    try save()
    try report(.epoch(record, isBest: isBest))
    _ = try trainingSkips.shareUntold(plan.ranks) { [report] in try report(.note($0)) }
    guard !hasRemarked else { return }
    hasRemarked = true
    for note in [trainingSkips.remark, validationSkips.remark].compactMap(\.self) {
      try report(.note(note))
    }
  }

  private mutating func save() throws {
    guard let folder else { return }
    let begin = ContinuousClock.now
    try folder.replaceCheckpoint {
      try Checkpoint.write(
        learner, progress, observer, configuration: plan.settings, data: plan.fingerprint, to: $0)
    }
    clock?.saved(in: .now - begin)
  }

  /// Whether somebody asks this process to end the run, or its time budget is nearly over.
  mutating func isToStop() -> Bool { isStopped() || clock?.isUp(at: .now) ?? false }

  /// Ends the run if one of its processes is to stop.
  private mutating func stopIfAsked() throws {
    if try plan.ranks.any(isToStop()) { try stop() }
  }

  mutating func stop() throws -> Never {
    try save()
    throw RunInterrupted(
      folder: plan.folder, progress: progress, budget: isStopped() ? nil : plan.settings.timeBudget)
  }
}
