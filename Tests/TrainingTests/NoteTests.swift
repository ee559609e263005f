import Testing

@testable import Recipes
@testable import Training

/// Numbers that are allowed, and yet surprise.
@Suite struct NoteTests {
  private func notes(
    images: Int = 10_000, _ change: (inout TrainingConfiguration) -> Void
  ) -> [String] {
    var c = TrainingConfiguration()
    change(&c)
    return c.notes(trainingImages: images)
  }

  private func expectNote(
    _ notes: [String], _ parts: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(notes.count == 1, "\(notes)", sourceLocation: sourceLocation)
    for part in parts {
      #expect(notes.first?.contains(part) == true, "\(notes)", sourceLocation: sourceLocation)
    }
  }

  @Test func ordinaryRunsHaveNone() {
    #expect(notes { _ in }.isEmpty)
    #expect(notes(images: 1_281_167) { $0.modelEma = true }.isEmpty)
    #expect(notes(images: 50) { ($0.batchSize, $0.unscaleLr) = (10, true) }.isEmpty)
    #expect(notes { ($0.epochs, $0.lr, $0.unscaleLr) = (1, 1e-3, true) }.isEmpty)
    #expect(notes { ($0.sched, $0.epochs, $0.decayEpochs) = (.step, 90, 30) }.isEmpty)
  }

  /// 5e-4 · 8 / 512 = 7.8125e-6.
  @Test func aRateBelowItsEnd() {
    let small = notes { $0.batchSize = 8 }
    expectNote(
      small, ["7.81e-06", "--lr 0.0005 × 8 / 512", "--min-lr 1e-05", "rises", "--unscale-lr"])
    #expect(notes { ($0.batchSize, $0.minLr) = (8, 1e-6) }.isEmpty)
    #expect(notes { ($0.batchSize, $0.unscaleLr) = (8, true) }.isEmpty)
    #expect(notes { ($0.batchSize, $0.sched) = (8, .constant) }.isEmpty)
    expectNote(notes { ($0.lr, $0.unscaleLr) = (9e-6, true) }, ["9e-06 (--lr), below --min-lr"])
  }

  @Test func aRateBelowTheStartOfItsWarmUp() {
    let low = notes { ($0.lr, $0.unscaleLr, $0.minLr) = (5e-7, true, 0) }
    expectNote(low, ["5e-07", "--warmup-lr 1e-06", "falls"])
    #expect(
      notes { ($0.lr, $0.unscaleLr, $0.minLr, $0.warmupEpochs) = (5e-7, true, 0, 0) }.isEmpty)
  }

  /// 157 steps in an epoch: 0.99996^785 = 0.969.
  @Test func anAverageLongerThanTheRun() {
    let long = notes { ($0.modelEma, $0.epochs, $0.repeatedAug) = (true, 5, false) }
    expectNote(long, ["0.99996 averages over 25000 steps", "has 785", "97 % the initial weights"])
    #expect(
      notes { ($0.modelEma, $0.epochs, $0.modelEmaDecay) = (true, 5, 0.99) }.isEmpty)
    #expect(notes { ($0.modelEma, $0.epochs, $0.modelEmaWarmup) = (true, 5, true) }.isEmpty)
  }

  /// Of 500 images 256 places are left, of 86 images.
  @Test func anEpochThatVisitsFewImages() {
    expectNote(notes(images: 500) { _ in }, ["visits 86 of the 500 images", "--no-repeated-aug"])
    #expect(notes(images: 512) { _ in }.isEmpty)
    #expect(notes(images: 500) { $0.repeatedAug = false }.isEmpty)
  }

  @Test func partsThatAreAsLongAsTheWhole() {
    expectNote(notes { ($0.epochs, $0.warmupEpochs) = (3, 3) }, ["warm-up takes all 3 epochs"])
    expectNote(notes { ($0.epochs, $0.cooldownEpochs) = (3, 3) }, ["--cooldown-epochs 3"])
    #expect(notes { ($0.epochs, $0.warmupEpochs, $0.cooldownEpochs) = (4, 3, 3) }.isEmpty)
    expectNote(
      notes { ($0.epochs, $0.sched) = (30, .step) }, ["--decay-epochs", "when the run is over"])
    expectNote(notes { ($0.epochs, $0.sched) = (20, .multistep) }, ["--decay-milestones"])
    expectNote(notes { ($0.epochs, $0.sched) = (11, .plateau) }, ["--patience-epochs"])
    expectNote(notes { $0.saveEvery = 301 }, ["--save-every 301 keeps no weights", "300 epochs"])
    #expect(notes { $0.saveEvery = 300 }.isEmpty)
    expectNote(
      notes { ($0.saveEverySteps, $0.repeatedAug) = (157, false) }, ["an epoch has 157 steps"])
    #expect(notes { ($0.saveEverySteps, $0.repeatedAug) = (156, false) }.isEmpty)
  }

  @Test func aBatchLargerThanTheData() {
    expectNote(notes(images: 50) { _ in }, ["--batch-size is 64", "50 images", "scaled for 64"])
    #expect(notes(images: 64) { _ in }.isEmpty)
  }
}
