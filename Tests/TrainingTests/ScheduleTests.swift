import Foundation
import Recipes
import Testing
import Training

/// The learning rate of each epoch against timm's scheduler.
@Suite struct ScheduleTests {
  private struct File: Decodable { let schedules: [String: Reference] }

  private struct Reference: Decodable {
    let lr: Double, warmup_lr: Double, min_lr: Double
    let epochs: Int, warmup_epochs: Int
    let values: [Double]

    var schedule: LearningRateSchedule {
      var configuration = TrainingConfiguration()
      (configuration.lr, configuration.unscaleLr) = (lr, true)
      (configuration.warmupLr, configuration.minLr) = (warmup_lr, min_lr)
      (configuration.warmupEpochs, configuration.epochs) = (warmup_epochs, epochs)
      return configuration.learningRates
    }

    /// The largest relative error of a schedule at any epoch, the cool-down among them.
    func largestError(_ schedule: LearningRateSchedule) -> Double {
      values.enumerated().map { abs(schedule(Double($0)) / $1 - 1) }.max() ?? .infinity
    }
  }

  private func references() throws -> [String: Reference] {
    let data = try Data(contentsOf: URL(fileURLWithPath: try TrainingFixture.path("schedule.json")))
    return try JSONDecoder().decode(File.self, from: data).schedules
  }

  /// Double precision both; 1e-12 is what a cosine near its end leaves.
  private static let tolerance = 1e-12

  @Test(arguments: ["deit_batch_64", "deit_batch_1024", "short", "no_warmup"])
  func followsTimm(_ name: String) throws {
    let reference = try #require(try references()[name])
    #expect(reference.largestError(reference.schedule) < Self.tolerance)
  }

  @Test func noticesAnotherSchedule() throws {
    let reference = try #require(try references()["short"])
    let changes: [(inout LearningRateSchedule) -> Void] = [
      { $0.base *= 1.000001 }, { $0.minimum = 0 }, { $0.warmup = 0 }, { $0.warmupEpochs = 2 },
      { $0.epochs = 13 }, { $0.shape = .constant },
    ]
    for change in changes {
      var schedule = reference.schedule
      change(&schedule)
      #expect(reference.largestError(schedule) > Self.tolerance)
    }
  }

  /// The rate is scaled by batch / 512 unless asked otherwise; what it starts and ends at is not.
  @Test func scalesWithTheBatch() throws {
    var configuration = TrainingConfiguration()
    (configuration.batchSize, configuration.lr) = (64, 5e-4)
    let reference = try #require(try references()["deit_batch_64"])
    #expect(reference.largestError(configuration.learningRates) < Self.tolerance)
    configuration.unscaleLr = true
    #expect(configuration.learningRates.base == 5e-4)
  }

  /// Between epochs the curve continues; a constant rate stays after the warm-up.
  @Test func partsOfEpochs() {
    var schedule = TrainingConfiguration().learningRates
    (schedule.base, schedule.minimum, schedule.warmup) = (1, 0, 0)
    (schedule.warmupEpochs, schedule.epochs) = (4, 12)
    #expect(schedule(0) == 0)
    #expect(schedule(1.5) == 0.375)
    #expect(abs(schedule(6) - 0.5) < 1e-15)
    #expect(abs(schedule(4.5) - (0.5 + 0.5 * cos(.pi * 4.5 / 12))) < 1e-15)
    #expect(schedule(12) == 0 && schedule(20) == 0)
    schedule.shape = .constant
    #expect(schedule(1) == 0.25 && schedule(4) == 1 && schedule(11.9) == 1 && schedule(30) == 1)
  }
}
