import ArgumentParser
import Recipes
import Training

/// The flags of `convit train` that say how long it is and how fast the weights change.
struct ScheduleFlags: SettingFlags {
  @Option(help: .int("Images read together, and in a step. (default: 64)")) var batchSize: Int?
  @Option(help: .int("Images a step, a multiple of --batch-size. (default: --batch-size)"))
  var globalBatchSize: OrNone<Int>?
  @Option(help: .int("Passes over the data. (default: 300)")) var epochs: Int?
  @Option(
    help: .number("Learning rate for a batch of 512; scaled by batch / 512. (default: 5e-4)"))
  var lr: Double?
  @Flag(inversion: .prefixedNo, help: "Take --lr as it is, whatever the batch. (default: off)")
  var unscaleLr: Bool?
  @Option(help: .number("Where cosine, linear, poly and plateau end. (default: 1e-5)"))
  var minLr: Double?
  @Option(help: .number("Where the warm-up begins. (default: 1e-6)")) var warmupLr: Double?
  @Option(help: .int("Epochs of linear warm-up. (default: 5, or a quarter of the epochs if fewer)"))
  var warmupEpochs: OrNone<Int>?
  @Option(help: .int("Epochs at --min-lr after --epochs. (default: 0)")) var cooldownEpochs: Int?
  @Option(
    help: .name(
      "After the warm-up: cosine, linear, poly, step, multistep, constant or plateau. "
        + "(default: cosine)"))
  var sched: LearningRateSchedule.Shape?
  @Option(help: .number("Epochs between the drops of step. (default: 30)"))
  var decayEpochs: Double?
  @Option(
    parsing: .upToNextOption, help: .int("Epochs that multistep drops with. (default: 90 180 270)"))
  var decayMilestones: [Int] = []
  @Option(help: .number("Factor of a drop; the power of poly. (default: 0.1)")) var decayRate:
    Double?
  @Option(help: .int("Evaluations that plateau waits for a better accuracy. (default: 10)"))
  var patienceEpochs: Int?
  @Option(
    help: .int("Evaluations without a better accuracy after which a run ends. (default: none)"))
  var earlyStop: OrOff<Int>?
  @Option(
    parsing: .upToNextOption,
    help: .number("Share of the epochs from which on the rate has noise, and up to which."))
  var lrNoise: [OrNone<Double>] = []
  @Option(help: .number("Largest noise, as a share of the rate. (default: 0.67)"))
  var lrNoisePct: Double?
  @Option(help: .number("Its standard deviation. (default: 1)")) var lrNoiseStd: Double?
  @Flag(
    inversion: .prefixedNo,
    help: "Change the rate with every step, not every epoch. (default: off)")
  var schedOnUpdates: Bool?
}

extension LearningRateSchedule.Shape: ExpressibleByArgument {}
