import Autodiff
import Foundation
import Testing

@testable import Recipes
@testable import Training

/// The rates of every kind of schedule against timm's, by epoch and by update.
@Suite struct CourseTests {
  private struct File: Decodable {
    struct Course: Decodable {
      let updates_per_epoch: Int
      let metrics: [Double]
      let total_epochs: Int
      let values: [Double]
    }
    let courses: [String: Course]
    let noisy_epochs: [String: [Int]]
  }

  private let file: File

  init() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: try TrainingFixture.path("recipe.json")))
    file = try JSONDecoder().decode(File.self, from: data)
  }

  /// The arguments of the script.
  static let changes: [String: @Sendable (inout ScheduleSettings) -> Void] = [
    "cosine_cooldown": { $0.cooldownEpochs = 3 }, "cosine_updates": { $0.schedOnUpdates = true },
    "linear": { $0.sched = .linear },
    "linear_updates": { ($0.sched, $0.schedOnUpdates) = (.linear, true) },
    "poly": { ($0.sched, $0.decayRate, $0.cooldownEpochs) = (.poly, 0.9, 2) },
    "poly_default": { $0.sched = .poly },
    "poly_updates": { ($0.sched, $0.decayRate, $0.schedOnUpdates) = (.poly, 2, true) },
    "step": { ($0.sched, $0.decayEpochs) = (.step, 4) },
    "step_fraction": { ($0.sched, $0.decayEpochs, $0.decayRate) = (.step, 2.4, 0.7) },
    "step_updates": { ($0.sched, $0.decayEpochs, $0.schedOnUpdates) = (.step, 2.5, true) },
    "multistep": { ($0.sched, $0.decayMilestones, $0.decayRate) = (.multistep, [2, 6, 9], 0.5) },
    "constant": { $0.sched = .constant },
    "plateau": { ($0.sched, $0.epochs, $0.patienceEpochs) = (.plateau, 20, 2) },
    "plateau_cold": {
      ($0.sched, $0.epochs, $0.patienceEpochs) = (.plateau, 20, 1)
      ($0.decayRate, $0.warmupEpochs) = (0.3, 0)
    },
  ]

  private func configuration(_ name: String) throws -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    var settings = ScheduleSettings()
    (settings.lr, settings.unscaleLr, settings.epochs) = (1e-3, true, 12)
    (settings.warmupEpochs, settings.warmupLr) = (3, 1e-6)
    let change = try #require(Self.changes[name])
    change(&settings)
    configuration.schedule = settings
    try configuration.validate()
    return configuration
  }

  @Test(arguments: Self.changes.keys) func followsTimm(_ name: String) throws {
    let course = try #require(file.courses[name])
    let configuration = try configuration(name)
    #expect(configuration.totalEpochs == course.total_epochs)
    var schedule = configuration.learningRates
    for (index, value) in course.values.enumerated() {
      let epoch = Double(index) / Double(course.updates_per_epoch)
      if index > 0 && !course.metrics.isEmpty {
        schedule.observe(accuracy: course.metrics[index - 1], after: index)
      }
      #expect(abs(schedule(epoch) / value - 1) < 1e-12, "\(epoch)")
    }
  }

  @Test func everyCourseIsTried() { #expect(Set(file.courses.keys) == Set(Self.changes.keys)) }

  /// Noise is where timm's is, normal of deviation 1 cut at ±0.67, and depends on seed and epoch.
  @Test func noiseIsWhereTimmsIs() throws {
    var configuration = try configuration("constant")
    let plain = configuration.learningRates
    for (name, epochs) in file.noisy_epochs {
      configuration.lrNoise = name.split(separator: " ").compactMap { Double($0) }
      let noisy = configuration.learningRates
      #expect((0..<12).filter { noisy(Double($0)) != plain(Double($0)) } == epochs, "\(name)")
      #expect(noisy(7.25) == configuration.learningRates(7.25))
      var other = configuration
      other.seed = 1
      #expect(noisy(7.25) != other.learningRates(7.25))
    }
    configuration.lrNoise = [0]
    let noise = try #require(configuration.learningRates.noise)
    let drawn = (0..<20_000).map { noise(11 + Double($0) / 20_000) }
    #expect(drawn.allSatisfy { abs($0) < 0.67 })
    let mean = drawn.reduce(0, +) / 20_000
    let variance = drawn.reduce(0) { $0 + $1 * $1 } / 20_000
    // 1 − 2aφ(a) / (2Φ(a) − 1) at a = 0.67; standard errors are 0.0026 and 0.0009.
    let a = 0.67
    let density = exp(-a * a / 2) / (2 * .pi).squareRoot()
    #expect(abs(mean) < 0.011)
    #expect(abs(variance - (1 - 2 * a * density / erf(a / 2.squareRoot()))) < 0.004)
  }

  /// The rate is scaled by all images of a step.
  @Test func scalesWithTheGlobalBatch() throws {
    var configuration = TrainingConfiguration()
    (configuration.batchSize, configuration.globalBatchSize, configuration.lr) = (64, 1024, 5e-4)
    #expect(configuration.learningRates.base == 1e-3)
  }
}
