import Autodiff
import ConViT
import Files
import Foundation
import Images
import Locality
import Scores
import Training

/// Scores candidates on training images before any of them is trained.
package struct ScoringRun: Sendable {
  package var scores: Set<Score> = [.naswot, .naswotNormalized, .mgm, .parameters, .multiplyAdds]
  /// Images of a batch, as many of each class as there can be, not augmented; if nil, 128, or what
  /// there is for all batches.
  package var batchSize: Int?
  /// Initialisations, and batches, over which the scores of an initialisation are averaged: those
  /// of one are not independent.
  package var (starts, batches) = (3, 1)
  package var seed: UInt64 = 0
  private let folders: [DataSettings: ImageFolder]

  /// - Parameter configurations: those of the candidates, each with its `dataPath`.
  package init(of configurations: [TrainingConfiguration]) throws {
    var folders: [DataSettings: ImageFolder] = [:]
    for configuration in configurations where folders[configuration.data] == nil {
      guard configuration.dataPath != nil else {
        throw TrainingError(usage: "data-path is missing: the folder that has train/")
      }
      folders[configuration.data] = try TrainingData(
        configuration.data, seed: configuration.seed
      ).training
    }
    self.folders = folders
  }

  /// The scores of each configuration, of each start in turn.
  ///
  /// Candidates are scored side by side, each on one thread, so that scores have the same bits for
  /// any number of threads. Milliseconds are measured afterwards, one candidate at a time.
  package func callAsFunction(
    _ configurations: [TrainingConfiguration], on pool: WorkerPool
  ) throws -> [[Score: [Double]]] {
    var meters: [InputKind: [ScoreMeter]] = [:]
    var candidates: [(model: VisionTransformer, meters: [ScoreMeter])] = []
    for configuration in configurations {
      let folder = try folder(of: configuration)
      let kind = InputKind(configuration)
      if meters[kind] == nil { meters[kind] = try self.meters(configuration, folder, pool) }
      candidates.append((try VisionTransformer(model(of: configuration)), meters[kind] ?? []))
    }
    let tasks = candidates.indices.flatMap { candidate in
      (0..<starts * batches).map { (candidate: candidate, time: $0) }
    }
    let found = pool.map(tasks) { task in
      let (model, meters) = candidates[task.candidate]
      return meters[task.time % batches](model, seed: seed + UInt64(task.time / batches))
    }
    var times = try PredictionTimes()
    return try candidates.indices.map { candidate in
      var values: [Score: [Double]] = [:]
      for (task, scores) in zip(tasks, found) where task.candidate == candidate {
        for (score, value) in scores { values[score, default: []].append(value) }
      }
      values = values.mapValues { values in
        stride(from: 0, to: values.count, by: batches).map { first in
          values[first..<first + batches].reduce(0, +) / Double(batches)
        }
      }
      if scores.contains(.milliseconds) {
        let model = candidates[candidate].model.configuration
        values[.milliseconds] = try times("\(candidate)", model, threads: pool.threads)
      }
      return values
    }
  }

  /// The model of a candidate, with a class for each of its data.
  package func model(of configuration: TrainingConfiguration) throws -> ViTConfiguration {
    try configuration.modelConfiguration(classes: folder(of: configuration).classes.count)
  }

  private func folder(of configuration: TrainingConfiguration) throws -> ImageFolder {
    guard let folder = folders[configuration.data] else {
      throw TrainingError(usage: "data-path is another than that of the other candidates")
    }
    return folder
  }

  /// The gradient kernel of a candidate at its first start on the first batch, by layer.
  package func layers(
    of configuration: TrainingConfiguration, on pool: WorkerPool
  ) throws -> [(name: String, parts: GradientKernel.Parts)] {
    let model = try VisionTransformer(model(of: configuration))
    let meter = try meters(configuration, folder(of: configuration), pool).first
    return meter?.gradientKernel(of: model, ParameterStore(model, seed: seed)).byLayer ?? []
  }

  /// What decides about the numbers that a model is given.
  private struct InputKind: Hashable {
    let size: InputSize
    let channels: Int
    let data: DataSettings
    let model: String  // has a normalisation

    init(_ configuration: TrainingConfiguration) {
      (size, channels) = (configuration.inputSize, configuration.channels)
      (data, model) = (configuration.data, configuration.model)
    }
  }

  /// The images of a batch, which is of the same size for all candidates.
  package var imagesOfABatch: Int {
    let least = folders.values.map(\.samples.count).min() ?? 0
    return batchSize ?? min(128, max(1, least / batches))
  }

  private func meters(
    _ configuration: TrainingConfiguration, _ folder: ImageFolder, _ pool: WorkerPool
  ) throws -> [ScoreMeter] {
    let batchSize = imagesOfABatch
    let examples = folder.inClassTurns(batchSize * batches, seed: seed)
    guard examples.count == batchSize * batches else {
      throw TrainingError(
        usage:
          "\(folder.folder) has \(counted(examples.count, "image", "images")), and scores want "
          + "\(counted(batches, "batch", "batches")) of \(batchSize): a smaller batch-size will do")
    }
    let random = Random(seed: seed)
    let reader = try configuration.evaluationReader()
    let loader = BatchLoader(
      order: examples.map { ExampleRequest($0, random: random) }, reader: reader,
      batchSize: batchSize, workers: pool.threads == 1 ? 0 : pool.threads)
    var meters: [ScoreMeter] = []
    while let batch = try loader.next() {
      var meter = ScoreMeter(examples: batch.inputs, labels: batch.labels)
      meter.scores = scores
      meters.append(meter)
    }
    return meters
  }
}
