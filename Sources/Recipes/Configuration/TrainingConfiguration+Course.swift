import Files
import Foundation
import Training

// The course of a run: how many epochs it has, with which rates, and what ends it.
extension TrainingConfiguration {
  /// The epochs of a run before its cooldown: `epochs`, or as many more as `scaleEpochs` asks for
  /// where fewer images are trained on. The warm-up is not longer for it.
  var scaledEpochs: Int {
    guard data.scaleEpochs, data.samplingRatio > 0 else { return schedule.epochs }
    return Int((Double(schedule.epochs) / data.samplingRatio).rounded())
  }

  var totalEpochs: Int { scaledEpochs + schedule.cooldownEpochs }

  /// The steps of an epoch of so many images, the last perhaps on a smaller batch.
  func steps(of images: Int) -> Int { (images + schedule.stepSize - 1) / schedule.stepSize }

  /// The learning rates of a run; `base` is scaled by images a step / 512 unless `unscaleLr`.
  package var learningRates: LearningRateSchedule {
    let scale = schedule.unscaleLr ? 1 : Double(schedule.stepSize) / 512
    var rates = LearningRateSchedule(
      base: schedule.lr * scale, minimum: schedule.minLr, epochs: scaledEpochs)
    rates.shape = schedule.sched
    rates.warmup = schedule.warmupLr
    rates.warmupEpochs = schedule.warmupEpochs ?? min(5, scaledEpochs / 4)
    rates.decayEpochs = schedule.decayEpochs
    rates.milestones = schedule.decayMilestones
    rates.decayRate = schedule.decayRate
    rates.patience = schedule.patienceEpochs
    rates.noise = schedule.lrNoise.first.map { start in
      let (all, end) = (Double(scaledEpochs), schedule.lrNoise.dropFirst().first ?? .infinity)
      return LearningRateSchedule.Noise(
        epochs: start * all..<end * all, limit: schedule.lrNoisePct,
        deviation: schedule.lrNoiseStd, seed: running.seed)
    }
    return rates
  }

  /// Whether a run that has come so far has ended: with its last epoch, or early.
  func hasEnded(_ progress: RunProgress) -> Bool {
    progress.epoch >= totalEpochs || endsEarly(progress)
  }

  /// Whether accuracies have stopped to rise, and no round of pruning is to come.
  func endsEarly(_ progress: RunProgress) -> Bool {
    guard progress.rounds >= pruning.rounds?.count ?? 0 else { return false }
    return schedule.earlyStop.map { progress.stale >= $0 } ?? false
  }

  func earlyEnd(_ progress: RunProgress) -> String? {
    guard endsEarly(progress) else { return nil }
    let evaluations = counted(progress.stale, "evaluation", "evaluations")
    return "ended early after epoch \(progress.epoch) of \(totalEpochs): "
      + "no better accuracy than \(String(format: "%.2f", progress.best)) % in \(evaluations)"
  }

  /// Whether the model is evaluated after `done` epochs: every so many, and after the last.
  func isEvaluated(after done: Int) -> Bool { done % running.evalEvery == 0 || done == totalEpochs }
}

// What is allowed, and yet hardly what was meant.
extension TrainingConfiguration {
  /// Notes about numbers that surprise, for a run on so many images; nothing for ordinary runs.
  func notes(trainingImages: Int) -> [String] {
    let images = sampleOrder.count(of: trainingImages)
    let steps = max(1, steps(of: images))
    var notes = rateNotes() + courseNotes()
    let size = schedule.stepSize
    if size > images {
      let flag = schedule.globalBatchSize == nil ? "batch-size" : "global-batch-size"
      notes.append(
        "--\(flag) is \(size), but an epoch has \(kind.counted(images)): each epoch is one step, "
          + (schedule.unscaleLr ? "and no more" : "and the rate is scaled for \(size)"))
    }
    notes += averageNotes(steps: steps * totalEpochs)
    let visited = sampleOrder.uniqueCount(of: trainingImages)
    if visited * 4 < trainingImages {
      notes.append(
        "an epoch visits \(visited) of the \(kind.counted(trainingImages)): repeated augmentation "
          + "takes three copies of each, and \(images) in all; --no-repeated-aug visits them all")
    }
    if let period = running.saveEverySteps, period >= steps {
      notes.append(
        "--save-every-steps \(period) saves nothing more, as an epoch has \(steps) "
          + "\(steps == 1 ? "step" : "steps")")
    }
    return notes
  }

  private func rateNotes() -> [String] {
    let course = learningRates
    let product =
      schedule.unscaleLr
      ? "--lr" : "--lr \(schedule.lr.short) × \(schedule.stepSize) / 512"
    var notes: [String] = []
    if course.base < course.minimum, [.cosine, .linear, .plateau, .poly].contains(course.shape) {
      notes.append(
        "the learning rate is \(course.base.short) (\(product)), below --min-lr "
          + "\(course.minimum.short): it rises where it should fall; give a higher --lr, "
          + "\(schedule.unscaleLr ? "" : "--unscale-lr, which takes it as it is, ")or a lower "
          + "--min-lr")
    }
    if course.warmupEpochs > 0, course.base < course.warmup {
      notes.append(
        "the learning rate is \(course.base.short) (\(product)), below --warmup-lr "
          + "\(course.warmup.short): the warm-up falls; give a higher --lr or a lower --warmup-lr")
    }
    return notes
  }

  private func courseNotes() -> [String] {
    let course = learningRates
    let epochs = scaledEpochs
    var notes: [String] = []
    if course.warmupEpochs >= epochs {
      notes.append(
        "the warm-up takes all \(epochs) epochs of the run: nothing is trained at --lr; give fewer "
          + "--warmup-epochs")
    }
    if schedule.cooldownEpochs >= epochs {
      notes.append(
        "--cooldown-epochs \(schedule.cooldownEpochs) come after --epochs \(epochs): half of the "
          + "run or more is at --min-lr")
    }
    let never: [LearningRateSchedule.Shape: (flag: String, first: Double)] = [
      .step: ("decay-epochs", schedule.decayEpochs),
      .multistep: ("decay-milestones", Double(schedule.decayMilestones.first ?? .max) - 1),
      .plateau: (
        "patience-epochs", Double((schedule.patienceEpochs + 1) * running.evalEvery)
      ),
    ]
    if let (flag, first) = never[course.shape], first >= Double(epochs) {
      notes.append(
        "--\(flag) lets the rate drop after \(epochs) epochs at the earliest, when the run is over")
    }
    if let patience = schedule.earlyStop,
      (patience + 1) * running.evalEvery >= totalEpochs
    {
      notes.append(
        "--early-stop \(patience) ends no run of \(totalEpochs) epochs"
          + (running.evalEvery > 1 ? " with --eval-every \(running.evalEvery)" : ""))
    }
    if let period = running.saveEvery, period > totalEpochs {
      notes.append(
        "--save-every \(period) keeps no weights, as there are \(totalEpochs) epochs")
    }
    return notes
  }

  /// How much of its start the moving average is at the end.
  private func averageNotes(steps: Int) -> [String] {
    guard optimizer.modelEma, !optimizer.modelEmaWarmup,
      1 / (1 - optimizer.modelEmaDecay) > Double(steps)
    else { return [] }
    let length = Int((1 / (1 - optimizer.modelEmaDecay)).rounded())
    let share = pow(optimizer.modelEmaDecay, Double(steps))
    return [
      "--model-ema-decay \(optimizer.modelEmaDecay) averages over \(length) "
        + "steps, and the run has \(steps): at its end the average is still "
        + String(format: "%.0f", 100 * share)
        + " % the initial weights; give a lower --model-ema-decay or --model-ema-warmup"
    ]
  }
}

extension Double {
  /// The number with three digits, as 7.81e-06.
  fileprivate var short: String { String(format: "%.3g", self) }
}
