import Autodiff
import ConViT
import Images
import Locality
import Training

extension Evaluator {
  /// How far the attention of a model of clips reaches in space and time, over `samples`.
  package func clipLocality(
    _ model: TimeSformer, _ weights: FrozenWeights, on samples: [Example], pool: WorkerPool,
    noting: (Batch) throws -> Void = { _ in }, progress: (Int) throws -> Void = { _ in }
  ) throws -> ClipLocalityReport {
    let meter = ClipLocalityMeter(model, weights)
    var statistics = meter.emptyStatistics
    try batches(of: samples, needsSome: true, noting: noting) { batch in
      meter.add(batch.inputs, to: &statistics, on: pool)
      try progress(statistics.clips)
    }
    return meter.report(statistics)
  }
}
