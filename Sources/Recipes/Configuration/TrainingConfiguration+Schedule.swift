import Training

extension TrainingConfiguration {
  /// The learning rates of a run; `base` is scaled by images a step / 512 unless `unscaleLr`.
  package var learningRates: LearningRateSchedule {
    let scale = schedule.unscaleLr ? 1 : Double(schedule.stepSize) / 512
    var rates = LearningRateSchedule(
      base: schedule.lr * scale, minimum: schedule.minLr, epochs: schedule.epochs)
    rates.shape = schedule.sched
    rates.warmup = schedule.warmupLr
    rates.warmupEpochs = schedule.warmupEpochs ?? min(5, schedule.epochs / 4)
    rates.decayEpochs = schedule.decayEpochs
    rates.milestones = schedule.decayMilestones
    rates.decayRate = schedule.decayRate
    rates.patience = schedule.patienceEpochs
    rates.noise = schedule.lrNoise.first.map { start in
      let (all, end) = (Double(schedule.epochs), schedule.lrNoise.dropFirst().first ?? .infinity)
      return LearningRateSchedule.Noise(
        epochs: start * all..<end * all, limit: schedule.lrNoisePct,
        deviation: schedule.lrNoiseStd, seed: running.seed)
    }
    return rates
  }
}
