import ArgumentParser
import Recipes
import Training

/// The flags of `convit train` that say how long it is and how fast the weights change.
struct ScheduleFlags: SettingFlags {
  @Option(.int("Images read together, and in a step. (default: 64)")) var batchSize: Int?
  @Option(.int("Images a step, a multiple of --batch-size. (default: --batch-size)"))
  var globalBatchSize: OrNone<Int>?
  @Option(.int("Passes over the data. (default: 300)")) var epochs: Int?
  @Option(.number("Learning rate for a batch of 512; scaled by batch / 512. (default: 5e-4)"))
  var lr: Double?
  @Flag(onOff: "Take --lr as it is, whatever the batch. (default: off)") var unscaleLr: Bool?
  @Option(.number("Where cosine, linear, poly and plateau end. (default: 1e-5)")) var minLr: Double?
  @Option(.number("Where the warm-up begins. (default: 1e-6)")) var warmupLr: Double?
  @Option(.int("Epochs of linear warm-up. (default: 5, or a quarter of the epochs if fewer)"))
  var warmupEpochs: OrNone<Int>?
  @Option(.int("Epochs at --min-lr after --epochs. (default: 0)")) var cooldownEpochs: Int?
  @Option(
    .name(
      "After the warm-up: cosine, linear, poly, step, multistep, constant or plateau. (default: "
        + "cosine)"))
  var sched: LearningRateSchedule.Shape?
  @Option(.number("Epochs between the drops of step. (default: 30)")) var decayEpochs: Double?
  @Option(list: .int("Epochs that multistep drops with. (default: 90 180 270)"))
  var decayMilestones: [Int] = []
  @Option(.number("Factor of a drop; the power of poly. (default: 0.1)")) var decayRate: Double?
  @Option(.int("Evaluations that plateau waits for a better accuracy. (default: 10)"))
  var patienceEpochs: Int?
  @Option(.int("Evaluations without a better accuracy after which a run ends. (default: none)"))
  var earlyStop: OrOff<Int>?
  @Option(list: .number("Share of the epochs from which on the rate has noise, and up to which."))
  var lrNoise: [OrNone<Double>] = []
  @Option(.number("Largest noise, as a share of the rate. (default: 0.67)")) var lrNoisePct: Double?
  @Option(.number("Its standard deviation. (default: 1)")) var lrNoiseStd: Double?
  @Flag(onOff: "Change the rate with every step, not every epoch. (default: off)")
  var schedOnUpdates: Bool?
}

extension LearningRateSchedule.Shape: ExpressibleByArgument {}
