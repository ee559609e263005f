import Autodiff
import ConViT
import Files
import Foundation
import Images
import Locality
import Testing

@testable import Recipes
@testable import Runs
@testable import Training

/// What a run leaves about where heads look.
@Suite struct LocalityRecordingTests {
  private let fixture: TrainingFixture

  init() throws { fixture = try TrainingFixture() }

  private func configuration(_ run: String, every: Int?) throws -> TrainingConfiguration {
    var c = try fixture.smallConfiguration(run)
    (c.epochs, c.localityEvery, c.localitySample) = (3, every, every == nil ? 1024 : 5)
    return c
  }

  private func lines(_ name: String) throws -> [[String: Any]] {
    try String(contentsOf: fixture.file(name), encoding: .utf8).split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  /// But for the last bits, which Foundation's parser of numbers does not get right.
  private func isNear(_ found: Any?, _ expected: [Double]) -> Bool {
    guard let found = found as? [Double], found.count == expected.count else { return false }
    return zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-14 * abs($1) }
  }

  /// The lines of a run are what the meter says of its weights, and training does not notice.
  @Test func aRunIsMeasured() throws {
    let plain = try Trainer(configuration("plain", every: nil)).run()
    let c = try configuration("run", every: 2)
    let trainer = try Trainer(c)
    let saved = try trainer.run()
    #expect(saved.weights.values == plain.weights.values)
    let records: [LocalityRecord] = JSONLines(fixture.file("run/locality.jsonl").path).records()
    #expect(records.map(\.epochs) == [0, 2, 3] && records.allSatisfy { $0.report.images == 5 })

    let plan = trainer.plan
    let sample = plan.data.validation.balancedSample(5, seed: c.seed)
    let (_, report) = try plan.evaluator.totalsAndLocality(
      saved.transformer, plan.frozen(saved.weights), on: sample, pool: plan.pool)
    #expect(records.last?.report == report)

    let log = try lines("run/log.jsonl")
    #expect(log.count == 3 && log[0]["nonlocality_0"] == nil)
    for (layer, block) in (try saved.transformer).blocks.enumerated() {
      #expect(isNear(log[2]["nonlocality_\(layer)"], report.layers[layer].nonlocality))
      guard let gpsa = block.attn as? GPSA else {
        #expect(log[2]["gating_params_\(layer)"] == nil && log[2]["distances_\(layer)"] == nil)
        continue
      }
      let gates = saved.weights[gpsa.gatingParam].elements.map(Double.init)
      #expect(isNear(log[2]["gating_params_\(layer)"], gates))
      // As the reference has it: −1 / c · (a, b) / 2.
      let rows = saved.weights[gpsa.posProj.weight].elements.map(Double.init)
      let theirs = try #require(log[2]["distances_\(layer)"] as? [Double])
      for (head, distance) in theirs.enumerated() {
        let (a, b, c) = (rows[3 * head], rows[3 * head + 1], rows[3 * head + 2])
        #expect(abs(distance - (a * a + b * b).squareRoot() / abs(2 * c)) < 1e-6)
      }
    }
  }

  /// All images are evaluated whether they are measured or not.
  @Test func theEvaluationStaysTheSame() throws {
    try Trainer(configuration("plain", every: nil)).run()
    try Trainer(configuration("run", every: 1)).run()
    let (plain, measured) = (try lines("plain/log.jsonl"), try lines("run/log.jsonl"))
    #expect(plain.count == 3 && measured.count == 3)
    for (a, b) in zip(plain, measured) {
      for key in ["test_acc1", "test_acc5", "train_loss"] {
        #expect(a[key] as? Double == b[key] as? Double, "\(key)")
      }
      let losses = (
        try #require(a["test_loss"] as? Double), try #require(b["test_loss"] as? Double)
      )
      #expect(abs(losses.0 / losses.1 - 1) < 1e-6)
    }
  }

  /// The run ends before it begins, and says which image it was.
  @Test func aSampleThatCannotBeRead() throws {
    var c = try configuration("run", every: 1)
    (c.localitySample, c.onBadImage, c.maxBad) = (1, .skip, 10)
    let bad = try Trainer(c).plan.data.validation.balancedSample(1, seed: c.seed)[0].path
    try Data("no image".utf8).write(to: URL(fileURLWithPath: bad))
    let trainer = try Trainer(c)
    let error = #expect(throws: SampleError.self) { try trainer.run() }
    #expect(error.map { "\($0)".contains(bad) } == true)
    #expect(!FileManager.default.fileExists(atPath: fixture.file("run").path))
  }

  /// A run without gates and position embedding: its checkpoint is a model, too.
  @Test func aRunWithoutGates() throws {
    var c = try configuration("run", every: 1)
    (c.gate, c.posEmbed, c.epochs, c.finetune) = (.absent, false, 1, nil)
    let saved = try Trainer(c).run()
    for name in ["model", "checkpoint"] {
      let read = try SavedModel(
        weightsOrCheckpoint: fixture.file("run/\(name).safetensors").path, as: .init())
      #expect(
        (try read.transformer).configuration == (try saved.transformer).configuration, "\(name)")
      #expect(read.weights.values == saved.weights.values, "\(name)")
    }
    let records: [LocalityRecord] = JSONLines(fixture.file("run/locality.jsonl").path).records()
    let layer = try #require(records.last?.report.layers.first)
    #expect(layer.kind == .psa && layer.gate == nil && layer.positional?.count == 4)
    let grid = (try saved.transformer).configuration.grid
    let positions = QueryAttention(
      positionOf: (try saved.transformer), FrozenWeights(saved.weights),
      query: .patch(row: 1, column: 1),
      layers: [0])
    #expect(positions.layers[0].heads.allSatisfy { abs($0.reduce(0, +) - 1) < 1e-5 })
    #expect(positions.layers[0].heads[0].count == grid.count)
  }

  /// Maps of four images, at most thirteen times, the start and the end among them.
  @Test func mapsAreKeptAtEvenDistances() throws {
    var c = try configuration("run", every: 1)
    (c.epochs, c.samplingRatio) = (20, 0.25)
    try Trainer(c).run()
    let index = try #require(try lines("run/attention/index.json").first)
    let epochs = try #require(index["epochs"] as? [Int])
    #expect(epochs == [0, 2, 4, 5, 7, 9, 10, 12, 14, 15, 17, 19, 20])
    #expect((index["images"] as? [String])?.count == 4)
    let files = try FileManager.default.contentsOfDirectory(
      atPath: fixture.file("run/attention").path)
    #expect(files.count == 1 + 4 + 4 * epochs.count)
  }
}
