import ArgumentParser
import Training

/// The flags of `convit train` that say how long it is and how fast the weights change.
struct ScheduleFlags: ParsableArguments {
  @Option(help: .int("Images a step. (default: 64)")) var batchSize: Int?
  @Option(help: .int("Passes over the data. (default: 300)")) var epochs: Int?
  @Option(
    help: .number("Learning rate for a batch of 512; scaled by batch / 512. (default: 5e-4)"))
  var lr: Double?
  @Flag(inversion: .prefixedNo, help: "Take --lr as it is, whatever the batch. (default: off)")
  var unscaleLr: Bool?
  @Option(help: .number("Where the cosine ends. (default: 1e-5)")) var minLr: Double?
  @Option(help: .number("Where the warm-up begins. (default: 1e-6)")) var warmupLr: Double?
  @Option(help: .int("Epochs of linear warm-up. (default: 5, or a quarter of the epochs if fewer)"))
  var warmupEpochs: Int?
  @Option(help: .name("The course after the warm-up. (default: cosine)"))
  var sched: LearningRateSchedule.Shape?
  @Flag(
    inversion: .prefixedNo,
    help: "Change the rate with every step, not every epoch. (default: off)")
  var schedOnUpdates: Bool?

  func apply(to c: inout TrainingConfiguration) {
    replace(&c.batchSize, batchSize)
    replace(&c.epochs, epochs)
    replace(&c.lr, lr)
    replace(&c.unscaleLr, unscaleLr)
    replace(&c.minLr, minLr)
    replace(&c.warmupLr, warmupLr)
    replace(&c.warmupEpochs, warmupEpochs)
    replace(&c.sched, sched)
    replace(&c.schedOnUpdates, schedOnUpdates)
  }
}

extension LearningRateSchedule.Shape: ExpressibleByArgument {}
