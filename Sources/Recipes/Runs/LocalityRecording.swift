import Autodiff
import ConViT
import Images
import Locality
import Runs
import Training

/// Where heads look in a run: lines of `locality.jsonl`, and maps of a few images in `attention/`.
struct LocalityRecording {
  /// The validation images that are measured on, and all others.
  let sample, others: [ImageFolder.Sample]
  private let period, epochs: Int
  let model: VisionTransformer
  private let folder: RunFolder?
  private var recorder: AttentionRecorder?

  /// Images whose maps are kept, and how often at most.
  private static let (images, frames) = (4, 12)

  /// What a run records that has come to the end of `done` epochs; nil if that is not asked for.
  init?(_ plan: TrainingPlan, in folder: RunFolder?, after done: Int) throws {
    let settings = plan.settings
    guard let every = settings.localityEvery, let model = plan.model as? VisionTransformer,
      let reader = plan.reader as? ImageReader
    else { return nil }
    (period, epochs) = (every, settings.totalEpochs)
    (self.model, self.folder) = (model, folder)
    let (validation, seed) = (plan.data.validation, settings.seed)
    sample = validation.balancedSample(settings.localitySample, seed: seed)
    let chosen = Set(sample.map(\.index))
    others = validation.samples.filter { !chosen.contains($0.index) }
    if let folder, AttentionRecorder.canRecord(model.configuration) {
      let few = validation.balancedSample(Self.images, seed: seed)
      let shown = try few.compactMap { sample -> (name: String, image: RGBImage)? in
        do {
          let name = sample.path.split(separator: "/").suffix(2).joined(separator: "/")
          return (name, try reader.image(at: sample.path))
        } catch {
          guard settings.onBadImage == .skip else { throw error }
          return nil
        }
      }
      recorder = try AttentionRecorder(
        folder.attention, model.configuration, images: shown,
        normalization: reader.normalization, after: done)
    }
  }

  /// Whether a measurement is to be made after `done` epochs: also at the start and the end.
  func isDue(after done: Int) -> Bool { done % period == 0 || done == epochs }

  /// Whether maps are to be kept, at even distances in the course of the run.
  private func isFrame(_ done: Int) -> Bool {
    let (before, all) = (max(0, done - period), max(epochs, 1))
    return done == 0 || done == epochs
      || (done * Self.frames / all) > (before * Self.frames / all)
  }

  /// Writes what was measured after `done` epochs, with these weights.
  mutating func write(
    _ report: LocalityReport, _ weights: FrozenWeights, after done: Int, on pool: WorkerPool
  ) throws {
    let model = model  // read apart: the recorder, which changes, is a part of this too
    if isFrame(done) { try recorder?.record(model, weights, epochs: done, on: pool) }
    try folder?.append(LocalityRecord(epochs: done, report: report))
  }

  /// The entries of the reference's log, by layer and each a list over heads: `nonlocality_<i>`
  /// (ours: each layer on what it receives), `distances_<i>` from a patch to the centre of the
  /// positional attention, `gating_params_<i>`, which is λ.
  func entries(_ report: LocalityReport, _ weights: ParameterStore) -> [String: [Double?]] {
    var entries: [String: [Double?]] = [:]
    for layer in report.layers {
      entries["nonlocality_\(layer.layer)"] = layer.nonlocality
      entries["distances_\(layer.layer)"] = layer.positional?.map(\.distance)
      if let gates = model.blocks[layer.layer].attn.gateLogits {
        entries["gating_params_\(layer.layer)"] = weights[gates].elements.map(Double.init)
      }
    }
    return entries
  }
}

extension Evaluator {
  /// The totals over `sample` and then `others`, and how local the attention is on the sample, seen
  /// in the same forward passes. `addsReference`: the first batch also as the published code does.
  package func totalsAndLocality(
    _ model: VisionTransformer, _ weights: FrozenWeights, on sample: [Example],
    then others: [Example] = [], addsReference: Bool = false, pool: WorkerPool,
    noting: (Batch) throws -> Void = { _ in }, progress: (Int) throws -> Void = { _ in }
  ) throws -> (totals: ClassificationTotals, report: LocalityReport) {
    let meter = LocalityMeter(model, weights)
    var (statistics, reference) = (meter.emptyStatistics, [[Double]]())
    let totals = try totals(
      meter, adding: &statistics, on: sample, then: others, pool: pool, noting: noting,
      progress: progress
    ) { images in
      if addsReference && reference.isEmpty { reference = meter.referenceNonlocality(images) }
    }
    return (totals, meter.report(statistics).adding(reference: reference))
  }

  /// The same, where the statistics of what the attention does are still to be put together with
  /// those of other images; `looking` sees the batches of the sample.
  func totals(
    _ meter: LocalityMeter, adding statistics: inout LocalityStatistics, on sample: [Example],
    needsSome: Bool = true, then others: [Example], pool: WorkerPool,
    noting: (Batch) throws -> Void, progress: (Int) throws -> Void,
    looking: (Tensor) -> Void = { _ in }
  ) throws -> ClassificationTotals {
    var totals = ClassificationTotals()
    try read(sample, needsSome: needsSome, &totals, noting, progress) { images in
      looking(images)
      return meter.add(images, to: &statistics, on: pool)
    }
    try read(others, &totals, noting, progress) {
      meter.model.logits(of: $0, meter.weights, on: pool)
    }
    return totals
  }
}
