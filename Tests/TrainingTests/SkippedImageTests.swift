import Foundation
import Runs
import Testing

@testable import Images
@testable import Recipes
@testable import Training

/// Images that are left out, in runs and in their bookkeeping.
@Suite struct SkippedImageTests {
  /// A part of the images, two of them bad, stopped within its first epoch: the rest is the same to
  /// the bits, and the count in the log as well.
  @Test func aRunGoesOnAsIfItHadNotStopped() throws {
    let fixture = try TrainingFixture()
    var configuration = try fixture.configuration()
    (configuration.epochs, configuration.batchSize, configuration.shuffle) = (2, 16, true)
    (configuration.samplingRatio, configuration.repeatedAug) = (0.5, true)
    (configuration.onBadImage, configuration.maxBad) = (.skip, 9)
    let data = try TrainingData(configuration.data, seed: configuration.seed)
    for place in [3, 40] {
      try Data("bad".utf8).write(to: URL(fileURLWithPath: data.training.samples[place].path))
    }
    let whole = try Trainer(configuration).run()
    let bad = try fixture.lines("log.jsonl").map { (record: EpochRecord) in record.badImages }
    #expect(bad.contains { $0 > 0 })
    configuration.outputDir = fixture.folder + "/stopped"
    for stop in [2, 5] {
      var polls = 0
      configuration.resume = "auto"
      #expect(throws: RunInterrupted.self) {
        try Trainer(configuration).run(isStopped: {
          polls += 1
          return polls > stop
        })
      }
    }
    let rest = try Trainer(configuration).run()
    #expect(rest.weights.values == whole.weights.values)
    let records: [EpochRecord] = try fixture.lines("log.jsonl", of: "stopped")
    #expect(records.map(\.badImages) == bad)
  }

  private func folder(_ counts: [Int]) -> ImageFolder {
    var samples: [ImageFolder.Sample] = []
    for (label, count) in counts.enumerated() {
      for _ in 0..<count {
        samples.append(.init(path: "p\(samples.count)", label: label, index: 2 * samples.count))
      }
    }
    return ImageFolder(
      root: "root", split: "train", classes: counts.indices.map { "c\($0)" }, samples: samples,
      warnings: [])
  }

  private func failure(_ index: Int) -> SkippedImages.Failure {
    .init(
      SampleError(
        path: "p\(index)", index: index, underlying: ImageError(path: "p\(index)", reason: "bad")))
  }

  @Test func theWarningComesOnceAndTheLimitIsAShareOrANumber() throws {
    var lines: [String] = []
    var skipped = SkippedImages(folder([150, 150]), maxBad: 0.02)
    try skipped.note((0..<3).map { failure(2 * $0) }) { lines.append($0) }
    #expect(lines == ["skipped: p0: bad", "skipped: p2: bad", "skipped: p4: bad"])
    try skipped.note([failure(0), failure(6), failure(8), failure(10)]) { lines.append($0) }
    #expect(lines.count == 7 && skipped.count == 6)
    #expect(lines[4] == "root/train: more than 1 % of its 300 images cannot be read")
    let error = #expect(throws: TrainingError.self) { try skipped.note([failure(12)]) { _ in } }
    #expect(error?.message == "root/train: 7 of 300 images cannot be read, max-bad allows 6")
    var number = SkippedImages(folder([150, 150]), maxBad: 1)
    try number.note([failure(4)]) { _ in }
    #expect(throws: TrainingError.self) { try number.note([failure(6)]) { _ in } }
  }

  @Test func aClassMayNotGoAltogether() throws {
    var skipped = SkippedImages(folder([2, 300]), maxBad: 0.5)
    try skipped.note([failure(2)]) { _ in }
    let error = #expect(throws: TrainingError.self) { try skipped.note([failure(0)]) { _ in } }
    #expect(
      error?.message
        == "root/train: no image of class c0 can be read; the last one tried: p0: bad")
  }
}
