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

  /// Whether `early-stop` ends a run that has come so far.
  func endsEarly(_ progress: RunProgress) -> Bool {
    schedule.earlyStop.map { progress.stale >= $0 } ?? false
  }

  /// Why it does.
  func earlyEnd(_ progress: RunProgress) -> String? {
    guard endsEarly(progress) else { return nil }
    let evaluations = counted(progress.stale, "evaluation", "evaluations")
    return "ended early after epoch \(progress.epoch) of \(totalEpochs): "
      + "no better accuracy than \(String(format: "%.2f", progress.best)) % in \(evaluations)"
  }

  /// Whether the model is evaluated after `done` epochs: every so many, and after the last.
  func isEvaluated(after done: Int) -> Bool { done % running.evalEvery == 0 || done == totalEpochs }
}
